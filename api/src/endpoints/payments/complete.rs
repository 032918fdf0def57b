//! `POST /api/payments/{id}/complete`

use commands::handlers::CompletePayment;
use domain::ids::PaymentId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{HandlesMoney, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::{Day, Line},
    },
};

/// That the money has come.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Completion {
    /// The mark on it, if it was not known before.
    #[serde(default)]
    reference: Option<Line>,
    /// The day of the receipt; today if it is left out.
    #[serde(default)]
    received_on: Option<Day>,
}

/// Record that the money of an initiated payment has come
#[utoipa::path(
    post, path = "/api/payments/{id}/complete", operation_id = "completePayment", tag = "Payments",
    request_body = Completion,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(payment): Path<PaymentId>,
    Body(input): Body<Completion>,
) -> Result<Done, Problem> {
    let order = order.effective_on(input.received_on);
    order
        .execute(&CompletePayment {
            payment,
            reference: input.reference.map(String::from),
        })
        .await
}
