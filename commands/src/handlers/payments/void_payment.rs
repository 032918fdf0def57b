use domain::{decisions::void_payment, ids::PaymentId};
use serde::Serialize;

use super::streams::Streams;
use crate::execute::{Command, Decline, Work};

/// Takes back a payment that was keyed in by mistake.
#[derive(Debug, Clone, Serialize)]
pub struct VoidPayment {
    /// Which payment.
    pub payment: PaymentId,
    /// Why.
    pub reason: String,
}

impl Command for VoidPayment {
    const NAME: &'static str = "void_payment";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let streams = Streams::taken_back(work, self.payment).await?;
        streams.decide(work, |streams, context| {
            void_payment(streams, self.reason.clone(), context)
        })
    }
}
