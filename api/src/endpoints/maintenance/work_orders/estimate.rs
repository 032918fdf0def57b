//! `POST /api/maintenance/work-orders/{id}/estimate`

use commands::handlers::OnStream;
use domain::{
    ids::WorkOrderId,
    work_order::{WorkOrder, WorkOrderCommand},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::Amount,
    },
};

/// What the vendor that was asked says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// How much it would cost.
    amount: Amount,
}

/// Record what a vendor says it would cost
#[utoipa::path(
    post, path = "/api/maintenance/work-orders/{id}/estimate", operation_id = "estimateWorkOrder", tag = "Maintenance",
    request_body = Estimate,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<WorkOrderId>,
    Body(Estimate { amount }): Body<Estimate>,
) -> Result<Done, Problem> {
    let estimate = WorkOrderCommand::Estimate { amount: amount.into() };
    order.execute(&OnStream::<WorkOrder>::of(id, estimate)).await
}
