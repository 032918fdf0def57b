//! `PUT /api/properties/{id}`

use commands::handlers::OnStream;
use domain::{
    ids::PropertyId,
    property::{Property, PropertyCommand},
};

use super::PropertyInput;
use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Record what is known of a property
///
/// All of it, as it is from now on: what is left out is no longer known.
#[utoipa::path(
    put, path = "/api/properties/{id}", operation_id = "updateProperty", tag = "Properties",
    request_body = PropertyInput,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<PropertyId>,
    Body(input): Body<PropertyInput>,
) -> Result<Done, Problem> {
    let update = PropertyCommand::Update { details: input.into() };
    order.execute(&OnStream::<Property>::of(id, update)).await
}
