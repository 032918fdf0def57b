//! `POST /api/payments/{id}/dispute/won`

use commands::handlers::OnStream;
use domain::{
    ids::PaymentId,
    payment::{Payment, PaymentCommand},
};

use crate::{
    auth::permit::{HandlesMoney, Only},
    endpoints::Nothing,
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Record that a disputed payment stays ours
#[utoipa::path(
    post, path = "/api/payments/{id}/dispute/won", operation_id = "winDispute", tag = "Payments",
    request_body = Nothing,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(id): Path<PaymentId>,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Done, Problem> {
    order.execute(&OnStream::<Payment>::of(id, PaymentCommand::Win)).await
}
