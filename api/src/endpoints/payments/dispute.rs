//! `POST /api/payments/{id}/dispute`

use commands::handlers::DisputePayment;
use domain::ids::PaymentId;

use crate::{
    auth::permit::{HandlesMoney, Only},
    endpoints::Reason,
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Record that the payer's bank asks for a payment back
#[utoipa::path(
    post, path = "/api/payments/{id}/dispute", operation_id = "disputePayment", tag = "Payments",
    request_body = Reason,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(payment): Path<PaymentId>,
    Body(Reason { reason }): Body<Reason>,
) -> Result<Done, Problem> {
    order.execute(&DisputePayment { payment, reason: reason.into() }).await
}
