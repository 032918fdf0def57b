//! `POST /api/properties/{id}/units`

use commands::handlers::CreateUnit;
use domain::ids::PropertyId;

use super::UnitInput;
use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Created, Order},
        problem::Problem,
    },
};

/// Take a unit under management
#[utoipa::path(
    post, path = "/api/properties/{id}/units", operation_id = "createUnit", tag = "Properties",
    request_body = UnitInput,
    responses(Created, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(property): Path<PropertyId>,
    Body(input): Body<UnitInput>,
) -> Result<Created, Problem> {
    order
        .create(
            &CreateUnit {
                property,
                unit: order.id(0),
                details: input.into(),
            },
            "/api/units",
        )
        .await
}
