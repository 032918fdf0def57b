//! `POST /api/deposits/{id}/receive`

use commands::handlers::ReceiveDeposit;
use domain::ids::{BankAccountId, DepositId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{HandlesMoney, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::{Amount, Day},
    },
};

/// Money that came in for a deposit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DepositReceipt {
    /// How much.
    amount: Amount,
    /// The day of the receipt; today if it is left out.
    #[serde(default)]
    received_on: Option<Day>,
    /// Into which account; the organization's deposit account if it is left out.
    #[serde(default)]
    bank_account: Option<BankAccountId>,
}

/// Record that a deposit was paid straight into the deposit account
///
/// A deposit paid together with rent is designated in the payment instead.
#[utoipa::path(
    post, path = "/api/deposits/{id}/receive", operation_id = "receiveDeposit", tag = "Leases",
    request_body = DepositReceipt,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(deposit): Path<DepositId>,
    Body(input): Body<DepositReceipt>,
) -> Result<Done, Problem> {
    let order = order.effective_on(input.received_on);
    let bank_account = match input.bank_account {
        Some(account) => account,
        None => order.organization().await?.deposit_account()?,
    };
    order
        .execute(&ReceiveDeposit {
            deposit,
            bank_account,
            amount: input.amount.into(),
        })
        .await
}
