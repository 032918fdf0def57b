//! `POST /api/leases/{id}/rent`

use commands::handlers::OnStream;
use domain::{
    ids::LeaseId,
    lease::{Lease, LeaseCommand},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::{Amount, AmountOrZero, Day},
    },
};

/// Another rent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RentInput {
    /// The rent of a whole month.
    rent: Amount,
    /// The tax on it, on top, if any.
    #[serde(default)]
    rent_tax: Option<AmountOrZero>,
    /// The first day it is charged for.
    from: Day,
}

/// Charge another rent from a day on
#[utoipa::path(
    post, path = "/api/leases/{id}/rent", operation_id = "changeRent", tag = "Leases",
    request_body = RentInput,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<LeaseId>,
    Body(input): Body<RentInput>,
) -> Result<Done, Problem> {
    let change = LeaseCommand::ChangeRent {
        rent: input.rent.into(),
        rent_tax: input.rent_tax.map(Into::into),
        from: input.from.into(),
    };
    order.execute(&OnStream::<Lease>::of(id, change)).await
}
