use domain::{
    decisions::initiate_payment,
    ids::PaymentId,
    lease::Lease,
    payment::{Designation, Intent, Payment},
};
use serde::Serialize;

use super::streams::{by_reference, deposits};
use crate::execute::{Command, Decline, Work};

/// Records that someone means to pay.
#[derive(Debug, Clone, Serialize)]
pub struct InitiatePayment {
    /// The id that the payment gets.
    pub payment: PaymentId,
    /// What they mean to pay.
    pub intent: Intent,
}

impl Command for InitiatePayment {
    const NAME: &'static str = "initiate_payment";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let payment = work.begin::<Payment>(self.payment).await?;
        let lease = work.load::<Lease>(self.intent.lease).await?;
        let designated = self
            .intent
            .designations
            .iter()
            .copied()
            .filter_map(Designation::deposit);
        let deposits = deposits(work, designated.collect()).await?;
        let initiated = initiate_payment(
            &payment.state,
            &lease.state,
            &by_reference(&deposits),
            self.intent.clone(),
            work.context(),
        )?;
        work.record::<Payment>(self.payment, initiated);
        Ok(())
    }
}
