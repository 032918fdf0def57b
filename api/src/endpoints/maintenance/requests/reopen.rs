//! `POST /api/maintenance/requests/{id}/reopen`

use commands::handlers::OnStream;
use domain::{
    ids::RequestId,
    maintenance_request::{MaintenanceRequest, RequestCommand},
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

/// Say that it is still wrong
///
/// A new episode begins, with new deadlines.
#[utoipa::path(
    post, path = "/api/maintenance/requests/{id}/reopen", operation_id = "reopenRequest", tag = "Maintenance",
    request_body = Reason,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<RequestId>,
    Body(Reason { reason }): Body<Reason>,
) -> Result<Done, Problem> {
    let reopen = RequestCommand::Reopen { reason: reason.into() };
    order.execute(&OnStream::<MaintenanceRequest>::of(id, reopen)).await
}
