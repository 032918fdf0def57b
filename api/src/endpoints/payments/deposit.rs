//! `POST /api/payments/{id}/deposit`

use commands::handlers::DepositPayment;
use domain::ids::PaymentId;
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
#[serde(deny_unknown_fields)]
pub struct BankDeposit {
    /// What the processor kept of it; nothing if it is left out.
    #[serde(default)]
    fee: Option<AmountOrZero>,
    /// The day the bank counts it; today if it is left out.
    #[serde(default)]
    on: Option<Day>,
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
    order.execute(&DepositPayment { payment, fee: input.fee.map(Into::into) }).await
}
