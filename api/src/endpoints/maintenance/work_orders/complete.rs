//! `POST /api/maintenance/work-orders/{id}/complete`

use commands::handlers::OnStream;
use domain::{
    ids::WorkOrderId,
    work_order::{WorkOrder, WorkOrderCommand},
};

use crate::{
    auth::permit::{Manages, Only},
    endpoints::Nothing,
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Accept the work
#[utoipa::path(
    post, path = "/api/maintenance/work-orders/{id}/complete", operation_id = "completeWorkOrder", tag = "Maintenance",
    request_body = Nothing,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<WorkOrderId>,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Done, Problem> {
    order
        .execute(&OnStream::<WorkOrder>::of(id, WorkOrderCommand::Complete))
        .await
}
