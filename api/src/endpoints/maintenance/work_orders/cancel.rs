//! `POST /api/maintenance/work-orders/{id}/cancel`

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

/// Give a work order up
#[utoipa::path(
    post, path = "/api/maintenance/work-orders/{id}/cancel", operation_id = "cancelWorkOrder", tag = "Maintenance",
    request_body = Reason,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<WorkOrderId>,
    Body(Reason { reason }): Body<Reason>,
) -> Result<Done, Problem> {
    let cancel = WorkOrderCommand::Cancel { reason: reason.into() };
    order.execute(&OnStream::<WorkOrder>::of(id, cancel)).await
}
