//! `POST /api/payments/{id}/fail`

use commands::handlers::FailPayment;
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

/// Record that the money of a payment did not come
#[utoipa::path(
    post, path = "/api/payments/{id}/fail", operation_id = "failPayment", tag = "Payments",
    request_body = Reason,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(payment): Path<PaymentId>,
    Body(Reason { reason }): Body<Reason>,
) -> Result<Done, Problem> {
    order.execute(&FailPayment { payment, reason: reason.into() }).await
}
