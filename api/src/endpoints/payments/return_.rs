//! `POST /api/payments/{id}/return`

use commands::handlers::ReturnPayment;
use domain::ids::PaymentId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{HandlesMoney, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::{AmountOrZero, Day, Line},
    },
};

/// That the bank took the money back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BankReturn {
    /// What the bank charged for that; nothing if it is left out.
    #[serde(default)]
    bank_fee: Option<AmountOrZero>,
    /// The bank's reason: `R01`.
    reason: Line,
    /// The day of the return; today if it is left out.
    #[serde(default)]
    on: Option<Day>,
}

/// Record that the bank took a payment back
///
/// Everything it had paid is owed again, and the policy's NSF fee with it.
#[utoipa::path(
    post, path = "/api/payments/{id}/return", operation_id = "returnPayment", tag = "Payments",
    request_body = BankReturn,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(payment): Path<PaymentId>,
    Body(input): Body<BankReturn>,
) -> Result<Done, Problem> {
    let order = order.effective_on(input.on);
    let bank_fee = order.organization().await?.amount_or_nothing(input.bank_fee)?;
    order
        .execute(&ReturnPayment {
            payment,
            bank_fee,
            reason: input.reason.into(),
        })
        .await
}
