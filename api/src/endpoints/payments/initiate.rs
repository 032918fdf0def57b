//! `POST /api/tenants/{id}/payments`

use commands::handlers::InitiatePayment;
use domain::ids::ResidentId;

use super::PaymentInput;
use crate::{
    auth::permit::{HandlesMoneyOrOwn, Only},
    http::{
        extract::{Body, Path},
        order::{Created, Order},
        problem::Problem,
    },
};

/// Say that a resident means to pay
///
/// An intent only: it counts once the money has come and the payment is completed. Residents may do this for
/// themselves.
#[utoipa::path(
    post, path = "/api/tenants/{id}/payments", operation_id = "initiatePayment", tag = "Payments",
    request_body = PaymentInput,
    responses(Created, Only<HandlesMoneyOrOwn>),
)]
pub async fn handle(
    order: Order<HandlesMoneyOrOwn>,
    Path(resident): Path<ResidentId>,
    Body(input): Body<PaymentInput>,
) -> Result<Created, Problem> {
    order.permit.only_own(resident)?;
    let intent = input.by(Some(resident));
    order.create(&InitiatePayment { payment: order.id(0), intent }, "/api/payments").await
}
