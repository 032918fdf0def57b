use domain::{decisions::lose_dispute, ids::PaymentId, money::Money};
use serde::Serialize;

use super::streams::Streams;
use crate::execute::{Command, Decline, Work};

/// Records that the payer's bank decided against us.
#[derive(Debug, Clone, Serialize)]
pub struct LoseDispute {
    /// Which payment.
    pub payment: PaymentId,
    /// What the bank charged for that.
    pub bank_fee: Money,
}

impl Command for LoseDispute {
    const NAME: &'static str = "lose_dispute";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let streams = Streams::taken_back(work, self.payment).await?;
        streams.decide(work, |streams, context| lose_dispute(streams, self.bank_fee, context))
    }
}
