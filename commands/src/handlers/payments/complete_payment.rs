use domain::{
    decisions::complete_payment,
    ids::PaymentId,
    payment::{Intent, Payment},
};
use serde::Serialize;

use super::streams::Streams;
use crate::execute::{Command, Decline, Work};

/// Records that money which someone meant to pay came in, on the day the command counts from.
#[derive(Debug, Clone, Serialize)]
pub struct CompletePayment {
    /// Which payment.
    pub payment: PaymentId,
    /// The mark on it, if it was not known before.
    pub reference: Option<String>,
}

impl Command for CompletePayment {
    const NAME: &'static str = "complete_payment";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let payment = work.load::<Payment>(self.payment).await?.state;
        let known = payment.intent()?;
        let intent = Intent {
            reference: known.reference.clone().or_else(|| self.reference.clone()),
            ..known.clone()
        };
        let streams = Streams::coming_in(work, (self.payment, payment), &intent).await?;
        streams.decide(work, |streams, context| {
            complete_payment(streams, self.reference.clone(), context)
        })
    }
}
