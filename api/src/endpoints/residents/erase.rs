//! `POST /api/tenants/{id}/erase`

use domain::ids::ResidentId;

use crate::{
    auth::permit::{Manages, Only},
    endpoints::Reason,
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Erase what is known of a resident, for ever
///
/// Name, contact, birth date and emergency contacts become unreadable everywhere; leases and payments stay. Refused
/// (409) while they live here.
#[utoipa::path(
    post, path = "/api/tenants/{id}/erase", operation_id = "eraseTenant", tag = "Residents",
    request_body = Reason,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<ResidentId>,
    Body(Reason { reason }): Body<Reason>,
) -> Result<Done, Problem> {
    order.erase_resident(id, reason.into()).await
}
