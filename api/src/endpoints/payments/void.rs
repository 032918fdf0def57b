//! `POST /api/payments/{id}/void`

use commands::handlers::VoidPayment;
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

/// Take back a keyed-in mistake
///
/// Only before it was deposited.
#[utoipa::path(
    post, path = "/api/payments/{id}/void", operation_id = "voidPayment", tag = "Payments",
    request_body = Reason,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(payment): Path<PaymentId>,
    Body(Reason { reason }): Body<Reason>,
) -> Result<Done, Problem> {
    order
        .execute(&VoidPayment {
            payment,
            reason: reason.into(),
        })
        .await
}
