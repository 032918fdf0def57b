//! `POST /api/properties`

use commands::handlers::OnStream;
use domain::property::{Property, PropertyCommand};

use super::PropertyInput;
use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::Body,
        order::{Created, Order},
        problem::Problem,
    },
};

/// Take a property under management
#[utoipa::path(
    post, path = "/api/properties", operation_id = "createProperty", tag = "Properties",
    request_body = PropertyInput,
    responses(Created, Only<Manages>),
)]
pub async fn handle(order: Order<Manages>, Body(input): Body<PropertyInput>) -> Result<Created, Problem> {
    let create = PropertyCommand::Create { details: input.into() };
    order
        .create(&OnStream::<Property>::begin(order.id(0), create), "/api/properties")
        .await
}
