//! `POST /api/maintenance/work-orders/{id}/reopen`

use commands::handlers::ReopenWorkOrder;
use domain::ids::WorkOrderId;

use crate::{
    auth::permit::{Manages, Only},
    endpoints::Reason,
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Say that the work was not done after all
///
/// A new episode begins, with new deadlines. The request that was resolved with it is reopened too.
#[utoipa::path(
    post, path = "/api/maintenance/work-orders/{id}/reopen", operation_id = "reopenWorkOrder", tag = "Maintenance",
    request_body = Reason,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(work_order): Path<WorkOrderId>,
    Body(Reason { reason }): Body<Reason>,
) -> Result<Done, Problem> {
    order
        .execute(&ReopenWorkOrder {
            work_order,
            reason: reason.into(),
        })
        .await
}
