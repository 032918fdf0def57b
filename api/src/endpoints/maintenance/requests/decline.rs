//! `POST /api/maintenance/requests/{id}/decline`

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

/// Say that nothing will be done
#[utoipa::path(
    post, path = "/api/maintenance/requests/{id}/decline", operation_id = "declineRequest", tag = "Maintenance",
    request_body = Reason,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<RequestId>,
    Body(Reason { reason }): Body<Reason>,
) -> Result<Done, Problem> {
    let decline = RequestCommand::Decline { reason: reason.into() };
    order.execute(&OnStream::<MaintenanceRequest>::of(id, decline)).await
}
