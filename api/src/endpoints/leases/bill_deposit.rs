//! `POST /api/leases/{id}/deposits`

use commands::handlers::BillDeposit;
use domain::{
    deposit::{DepositPurpose, NewDeposit},
    ids::LeaseId,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{HandlesMoney, Only},
    http::{
        extract::{Body, Path},
        order::{Created, Order},
        problem::Problem,
        wire::{Amount, Day},
    },
};

/// A deposit that secures a lease.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DepositInput {
    /// What it secures.
    purpose: DepositPurpose,
    /// True if it may be used for that purpose only.
    #[serde(default)]
    limited: bool,
    /// How much.
    amount: Amount,
    /// When it is due.
    due_on: Day,
}

/// Ask for a deposit
///
/// An open item of the lease; in the books once it is received.
#[utoipa::path(
    post, path = "/api/leases/{id}/deposits", operation_id = "billDeposit", tag = "Leases",
    request_body = DepositInput,
    responses(Created, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(lease): Path<LeaseId>,
    Body(input): Body<DepositInput>,
) -> Result<Created, Problem> {
    let new = NewDeposit {
        lease,
        purpose: input.purpose,
        limited: input.limited,
        amount: input.amount.into(),
        due_on: input.due_on.into(),
    };
    order
        .create(
            &BillDeposit {
                deposit: order.id(0),
                new,
            },
            "/api/deposits",
        )
        .await
}
