//! `POST /api/leases/{id}/concessions`

use commands::handlers::OnStream;
use domain::{
    ids::{ChargeId, LeaseId},
    lease::{Lease, LeaseCommand},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{HandlesMoney, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::{Amount, Line},
    },
};

/// A reduction granted on a charge.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Concession {
    /// The charge.
    charge: ChargeId,
    /// How much.
    amount: Amount,
    /// Why, for whoever asks later.
    reason: Line,
}

/// Grant a reduction on a charge
#[utoipa::path(
    post, path = "/api/leases/{id}/concessions", operation_id = "grantConcession", tag = "Leases",
    request_body = Concession,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(id): Path<LeaseId>,
    Body(input): Body<Concession>,
) -> Result<Done, Problem> {
    let concede = LeaseCommand::Concede {
        charge: input.charge,
        amount: input.amount.into(),
        reason: input.reason.into(),
    };
    order.execute(&OnStream::<Lease>::of(id, concede)).await
}
