//! `POST /api/payments/process`

use commands::handlers::ReceivePayment;
use domain::{
    ids::{LeaseId, ResidentId},
    payment::{Designation, Intent, Method},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{HandlesMoney, Only},
    http::{
        extract::Body,
        order::{Created, Order},
        problem::Problem,
        wire::{Amount, Day, Line, objects},
    },
};

/// A receipt that the office holds.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    /// For which lease.
    lease: LeaseId,
    /// Who paid, if a resident.
    #[serde(default)]
    payer: Option<ResidentId>,
    /// How much.
    amount: Amount,
    /// How.
    method: Method,
    /// The payer's or the bank's mark on it: cheque number, trace number. Only cash needs none.
    #[serde(default)]
    reference: Option<Line>,
    /// What it is to pay before anything else, in this order; deposits are paid only so.
    #[serde(default, deserialize_with = "objects")]
    #[schema(max_items = 100)]
    designations: Vec<Designation>,
    /// The day of the receipt; today if it is left out.
    #[serde(default)]
    received_on: Option<Day>,
}

/// Record a receipt that the office holds
///
/// Cash, a cheque, an ACH or card reference: initiated and completed at once, and applied to what the lease owes. The
/// same (method, payer, reference) never counts twice.
#[utoipa::path(
    post, path = "/api/payments/process", operation_id = "processPayment", tag = "Payments",
    request_body = Receipt,
    responses(Created, Only<HandlesMoney>),
)]
pub async fn handle(order: Order<HandlesMoney>, Body(receipt): Body<Receipt>) -> Result<Created, Problem> {
    let order = order.effective_on(receipt.received_on);
    let intent = Intent {
        lease: receipt.lease,
        payer: receipt.payer,
        amount: receipt.amount.into(),
        method: receipt.method,
        reference: receipt.reference.map(String::from),
        designations: receipt.designations,
    };
    order
        .create(
            &ReceivePayment {
                payment: order.id(0),
                intent,
            },
            "/api/payments",
        )
        .await
}
