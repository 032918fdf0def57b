//! `POST /api/payments/{id}/fail`

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

/// Record that the money of a payment did not come
#[utoipa::path(
    post, path = "/api/payments/{id}/fail", operation_id = "failPayment", tag = "Payments",
    request_body = Reason,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(id): Path<PaymentId>,
    Body(Reason { reason }): Body<Reason>,
) -> Result<Done, Problem> {
    let fail = PaymentCommand::Fail { reason: reason.into() };
    order.execute(&OnStream::<Payment>::of(id, fail)).await
}
