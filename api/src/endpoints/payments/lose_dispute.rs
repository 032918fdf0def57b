//! `POST /api/payments/{id}/dispute/lost`

use commands::handlers::LoseDispute;
use domain::ids::PaymentId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{HandlesMoney, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::AmountOrZero,
    },
};

/// What losing a dispute cost.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LostDispute {
    /// What the bank charged for that; nothing if it is left out.
    #[serde(default)]
    bank_fee: Option<AmountOrZero>,
}

/// Record that a disputed payment went back
#[utoipa::path(
    post, path = "/api/payments/{id}/dispute/lost", operation_id = "loseDispute", tag = "Payments",
    request_body = LostDispute,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(payment): Path<PaymentId>,
    Body(input): Body<LostDispute>,
) -> Result<Done, Problem> {
    let bank_fee = order.organization().await?.amount_or_nothing(input.bank_fee)?;
    order.execute(&LoseDispute { payment, bank_fee }).await
}
