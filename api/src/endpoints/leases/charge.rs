//! `POST /api/leases/{id}/charges`

use commands::handlers::OnStream;
use domain::{
    ids::LeaseId,
    lease::{ChargeKind, Lease, LeaseCommand, ManualCharge},
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

/// What is owed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChargeInput {
    /// What for. Opening balances come with the import only.
    kind: ChargeKind,
    /// In words a resident understands.
    description: Line,
    /// How much, tax included.
    amount: Amount,
    /// The tax in it, if any.
    #[serde(default)]
    tax: Option<AmountOrZero>,
    /// When it is due; it counts in the books from this day.
    due_on: Day,
}

/// Post a charge
#[utoipa::path(
    post, path = "/api/leases/{id}/charges", operation_id = "chargeLease", tag = "Leases",
    request_body = ChargeInput,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(id): Path<LeaseId>,
    Body(input): Body<ChargeInput>,
) -> Result<Done, Problem> {
    let charge = LeaseCommand::Charge(ManualCharge {
        kind: input.kind,
        description: input.description.into(),
        amount: input.amount.into(),
        tax: input.tax.map(Into::into),
        due_on: input.due_on.into(),
        period: None,
    });
    order.execute(&OnStream::<Lease>::of(id, charge)).await
}
