//! `POST /api/leases/{id}/recurring-charges`

use commands::handlers::OnStream;
use domain::{
    ids::LeaseId,
    lease::{ChargeKind, Lease, LeaseCommand, NewRecurring},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{HandlesMoney, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::{Amount, AmountOrZero, Day, Line},
    },
};

/// What is charged beside the rent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecurringInput {
    /// What for.
    kind: ChargeKind,
    /// In the words of the lease.
    description: Line,
    /// For a whole month, tax included.
    amount: Amount,
    /// The tax in it, if any.
    #[serde(default)]
    tax: Option<AmountOrZero>,
    /// The first day it is charged for.
    from: Day,
}

/// Charge something for every period beside the rent
#[utoipa::path(
    post, path = "/api/leases/{id}/recurring-charges", operation_id = "addRecurringCharge", tag = "Leases",
    request_body = RecurringInput,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(id): Path<LeaseId>,
    Body(input): Body<RecurringInput>,
) -> Result<Done, Problem> {
    let add = LeaseCommand::AddRecurring(NewRecurring {
        kind: input.kind,
        description: input.description.into(),
        amount: input.amount.into(),
        tax: input.tax.map(Into::into),
        from: input.from.into(),
    });
    order.execute(&OnStream::<Lease>::of(id, add)).await
}
