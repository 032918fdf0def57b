use domain::{
    decisions::receive_payment,
    ids::PaymentId,
    payment::{Intent, Payment},
};
use serde::Serialize;

use super::streams::Streams;
use crate::execute::{Command, Decline, Work};

/// Records money that the office holds, received on the day the command counts from.
#[derive(Debug, Clone, Serialize)]
pub struct ReceivePayment {
    /// The id that the payment gets.
    pub payment: PaymentId,
    /// What came in.
    pub intent: Intent,
}

impl Command for ReceivePayment {
    const NAME: &'static str = "receive_payment";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let payment = work.begin::<Payment>(self.payment).await?.state;
        let streams = Streams::coming_in(work, (self.payment, payment), &self.intent).await?;
        streams.decide(work, |streams, context| {
            receive_payment(streams, self.intent.clone(), context)
        })
    }
}
