use domain::{
    bank_account::BankAccount, decisions::refund_payment, ids::PaymentId, lease::Lease, money::Money, payment::Payment,
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Pays some of a payment back.
#[derive(Debug, Clone, Serialize)]
pub struct RefundPayment {
    /// Which payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: String,
}

impl Command for RefundPayment {
    const NAME: &'static str = "refund_payment";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let payment = work.load::<Payment>(self.payment).await?;
        let lease_id = payment.state.intent()?.lease;
        let lease = work.load::<Lease>(lease_id).await?;
        let bank = match payment.state.bank_account() {
            Some(bank_account) => work.load::<BankAccount>(bank_account).await?.state,
            None => std::sync::Arc::default(),
        };
        let facts = refund_payment(
            (self.payment, &payment.state),
            &lease.state,
            &bank,
            (self.amount, self.reason.clone()),
            work.context(),
        )?;
        work.record::<Payment>(self.payment, facts.payment);
        work.record::<Lease>(lease_id, facts.lease);
        Ok(())
    }
}
