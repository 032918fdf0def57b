//! `POST /api/leases/{id}/sign`

use commands::handlers::SignLease;
use domain::ids::LeaseId;

use super::OnDay;
use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Record that all parties signed
///
/// The unit is taken for the term: refused (409) if another lease has it on any of these days.
#[utoipa::path(
    post, path = "/api/leases/{id}/sign", operation_id = "signLease", tag = "Leases",
    request_body = OnDay,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(lease): Path<LeaseId>,
    Body(OnDay { on }): Body<OnDay>,
) -> Result<Done, Problem> {
    order.execute(&SignLease { lease, on: on.into() }).await
}
