//! `POST /api/payments/{id}/deposit`

use commands::handlers::DepositPayment;
use domain::ids::{BankAccountId, PaymentId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{HandlesMoney, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::{AmountOrZero, Day},
    },
};

/// That the money is in the bank.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BankDeposit {
    /// What the processor kept of it; nothing if it is left out.
    #[serde(default)]
    fee: Option<AmountOrZero>,
    /// The day the bank counts it; today if it is left out.
    #[serde(default)]
    on: Option<Day>,
    /// Into which account; the organization's operating account if it is left out.
    #[serde(default)]
    bank_account: Option<BankAccountId>,
}

/// Record that a payment is in the bank
#[utoipa::path(
    post, path = "/api/payments/{id}/deposit", operation_id = "depositPayment", tag = "Payments",
    request_body = BankDeposit,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(payment): Path<PaymentId>,
    Body(input): Body<BankDeposit>,
) -> Result<Done, Problem> {
    let order = order.effective_on(input.on);
    let organization = order.organization().await?;
    let bank_account = match input.bank_account {
        Some(account) => account,
        None => organization.operating_account()?,
    };
    let fee = organization.amount_or_nothing(input.fee)?;
    order
        .execute(&DepositPayment {
            payment,
            bank_account,
            fee,
        })
        .await
}
