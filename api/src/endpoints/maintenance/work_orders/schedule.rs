//! `POST /api/maintenance/work-orders/{id}/schedule`

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
        wire::Day,
    },
};

/// When the vendor comes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// The day.
    on: Day,
}

/// Agree on the vendor's visit
#[utoipa::path(
    post, path = "/api/maintenance/work-orders/{id}/schedule", operation_id = "scheduleWorkOrder", tag = "Maintenance",
    request_body = Visit,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<WorkOrderId>,
    Body(Visit { on }): Body<Visit>,
) -> Result<Done, Problem> {
    let schedule = WorkOrderCommand::Schedule { on: on.into() };
    order.execute(&OnStream::<WorkOrder>::of(id, schedule)).await
}
