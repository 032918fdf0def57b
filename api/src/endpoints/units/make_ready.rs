//! `POST /api/units/{id}/ready`

use commands::handlers::MakeUnitReady;
use domain::ids::UnitId;

use crate::{
    auth::permit::{Manages, Only},
    endpoints::Nothing,
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Declare that a unit can be moved into
///
/// After residents moved out, or after it was taken offline.
#[utoipa::path(
    post, path = "/api/units/{id}/ready", operation_id = "makeUnitReady", tag = "Properties",
    request_body = Nothing,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(unit): Path<UnitId>,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Done, Problem> {
    order.execute(&MakeUnitReady { unit }).await
}
