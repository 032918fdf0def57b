use domain::{decisions::return_payment, ids::PaymentId, money::Money};
use serde::Serialize;

use super::streams::Streams;
use crate::execute::{Command, Decline, Work};

/// Records that the bank took a payment back.
#[derive(Debug, Clone, Serialize)]
pub struct ReturnPayment {
    /// Which payment.
    pub payment: PaymentId,
    /// What the bank charged for that.
    pub bank_fee: Money,
    /// The bank's reason: `R01`.
    pub reason: String,
}

impl Command for ReturnPayment {
    const NAME: &'static str = "return_payment";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let streams = Streams::taken_back(work, self.payment).await?;
        streams.decide(work, |streams, context| {
            return_payment(streams, (self.bank_fee, self.reason.clone()), context)
        })
    }
}
