//! `POST /api/tenants/{id}/payments`

use commands::handlers::InitiatePayment;
use domain::ids::ResidentId;
use projections::directory::Lease;

use super::PaymentInput;
use crate::{
    auth::permit::{HandlesMoneyOrOwn, Only},
    http::{
        extract::{Body, Path},
        order::{Created, Order},
        problem::Problem,
        reading::Inquiry,
    },
};

/// Say that a resident means to pay
///
/// An intent only: it counts once the money has come and the payment is completed. Residents may do this for
/// themselves, for a lease of theirs.
#[utoipa::path(
    post, path = "/api/tenants/{id}/payments", operation_id = "initiatePayment", tag = "Payments",
    request_body = PaymentInput,
    responses(Created, Only<HandlesMoneyOrOwn>),
)]
pub async fn handle(
    order: Order<HandlesMoneyOrOwn>,
    inquiry: Inquiry<HandlesMoneyOrOwn>,
    Path(id): Path<ResidentId>,
    Body(input): Body<PaymentInput>,
) -> Result<Created, Problem> {
    order.permit.only_own(id)?;
    if order.permit.only_resident().is_some() {
        let lease = inquiry.directory().await?.get::<Lease>(input.lease).await?;
        order.permit.only_own_of(&lease.document.terms.residents)?;
    }
    let intent = input.by(Some(id));
    order
        .create(
            &InitiatePayment {
                payment: order.id(0),
                intent,
            },
            "/api/payments",
        )
        .await
}
