//! `PUT /api/units/{id}`

use commands::handlers::UpdateUnit;
use domain::ids::UnitId;

use super::UnitInput;
use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Record what is known of a unit
///
/// All of it, as it is from now on: what is left out is no longer known.
#[utoipa::path(
    put, path = "/api/units/{id}", operation_id = "updateUnit", tag = "Properties",
    request_body = UnitInput,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(unit): Path<UnitId>,
    Body(input): Body<UnitInput>,
) -> Result<Done, Problem> {
    order
        .execute(&UpdateUnit {
            unit,
            details: input.into(),
        })
        .await
}
