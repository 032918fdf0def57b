//! `POST /api/maintenance/work-orders/{id}/done`

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
        wire::Text,
    },
};

/// What was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkDone {
    /// In the vendor's words.
    notes: Text,
}

/// Record that the work is done
#[utoipa::path(
    post, path = "/api/maintenance/work-orders/{id}/done", operation_id = "finishWork", tag = "Maintenance",
    request_body = WorkDone,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<WorkOrderId>,
    Body(WorkDone { notes }): Body<WorkDone>,
) -> Result<Done, Problem> {
    let finish = WorkOrderCommand::FinishWork { notes: notes.into() };
    order.execute(&OnStream::<WorkOrder>::of(id, finish)).await
}
