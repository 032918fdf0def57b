use domain::{
    bank_account::BankAccount,
    decisions::deposit_payment,
    ids::{BankAccountId, PaymentId},
    lease::Lease,
    money::Money,
    payment::Payment,
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Records that a payment is in the bank.
#[derive(Debug, Clone, Serialize)]
pub struct DepositPayment {
    /// Which payment.
    pub payment: PaymentId,
    /// Into which account.
    pub bank_account: BankAccountId,
    /// What the processor kept of it.
    pub fee: Money,
}

impl Command for DepositPayment {
    const NAME: &'static str = "deposit_payment";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let payment = work.load::<Payment>(self.payment).await?;
        let lease = work.load::<Lease>(payment.state.intent()?.lease).await?;
        let bank = work.load::<BankAccount>(self.bank_account).await?;
        let deposited = deposit_payment(
            (self.payment, &payment.state),
            &lease.state,
            (self.bank_account, &bank.state),
            self.fee,
            work.context(),
        )?;
        work.record::<Payment>(self.payment, deposited);
        Ok(())
    }
}
