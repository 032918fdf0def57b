//! `POST /api/maintenance/work-orders/{id}/pause`

use commands::handlers::OnStream;
use domain::{
    ids::WorkOrderId,
    work_order::{WorkOrder, WorkOrderCommand},
};

use crate::{
    auth::permit::{Manages, Only},
    endpoints::Reason,
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Let a work order wait
///
/// For a part, for access. Stops the clocks that the policy names.
#[utoipa::path(
    post, path = "/api/maintenance/work-orders/{id}/pause", operation_id = "pauseWorkOrder", tag = "Maintenance",
    request_body = Reason,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<WorkOrderId>,
    Body(Reason { reason }): Body<Reason>,
) -> Result<Done, Problem> {
    let pause = WorkOrderCommand::Pause { reason: reason.into() };
    order.execute(&OnStream::<WorkOrder>::of(id, pause)).await
}
