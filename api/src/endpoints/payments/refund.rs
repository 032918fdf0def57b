//! `POST /api/payments/{id}/refund`

use commands::handlers::RefundPayment;
use domain::ids::PaymentId;
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

/// What is paid back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refund {
    /// How much.
    amount: Amount,
    /// Why, for whoever asks later.
    reason: Line,
}

/// Pay some of a payment back
///
/// At most its free credit, after its hold days (409, 422).
#[utoipa::path(
    post, path = "/api/payments/{id}/refund", operation_id = "refundPayment", tag = "Payments",
    request_body = Refund,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(payment): Path<PaymentId>,
    Body(input): Body<Refund>,
) -> Result<Done, Problem> {
    order
        .execute(&RefundPayment {
            payment,
            amount: input.amount.into(),
            reason: input.reason.into(),
        })
        .await
}
