//! `POST /api/payments/{id}/dispute`

use commands::handlers::OnStream;
use domain::{
    ids::PaymentId,
    payment::{Payment, PaymentCommand},
};

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
    Path(id): Path<PaymentId>,
    Body(Reason { reason }): Body<Reason>,
) -> Result<Done, Problem> {
    let dispute = PaymentCommand::Dispute { reason: reason.into() };
    order.execute(&OnStream::<Payment>::of(id, dispute)).await
}
