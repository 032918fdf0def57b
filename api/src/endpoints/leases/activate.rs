//! `POST /api/leases/{id}/activate`

use commands::handlers::ActivateLease;
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

/// Bring a lease into force: the residents moved in
///
/// What has fallen due since is charged at its own dates.
#[utoipa::path(
    post, path = "/api/leases/{id}/activate", operation_id = "activateLease", tag = "Leases",
    request_body = OnDay,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(lease): Path<LeaseId>,
    Body(OnDay { on }): Body<OnDay>,
) -> Result<Done, Problem> {
    order.execute(&ActivateLease { lease, on: on.into() }).await
}
