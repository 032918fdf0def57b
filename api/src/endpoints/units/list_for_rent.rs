//! `POST /api/units/{id}/listing`

use commands::handlers::OnStream;
use domain::{
    ids::UnitId,
    unit::{Unit, UnitCommand},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::{Amount, Day},
    },
};

/// On which terms a unit is offered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listing {
    /// The first day on which it is available.
    available_on: Day,
    /// The rent asked for a month.
    asking_rent: Amount,
}

/// Offer a unit for rent
#[utoipa::path(
    post, path = "/api/units/{id}/listing", operation_id = "listUnit", tag = "Properties",
    request_body = Listing,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<UnitId>,
    Body(listing): Body<Listing>,
) -> Result<Done, Problem> {
    let list = UnitCommand::List {
        available_on: listing.available_on.into(),
        asking_rent: listing.asking_rent.into(),
    };
    order.execute(&OnStream::<Unit>::of(id, list)).await
}
