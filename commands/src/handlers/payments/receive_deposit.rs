use domain::{
    bank_account::BankAccount,
    decisions::receive_deposit,
    deposit::Deposit,
    ids::{BankAccountId, DepositId},
    money::Money,
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Records money that was paid straight into the deposit account.
#[derive(Debug, Clone, Serialize)]
pub struct ReceiveDeposit {
    /// For which deposit.
    pub deposit: DepositId,
    /// Into which account.
    pub bank_account: BankAccountId,
    /// How much.
    pub amount: Money,
}

impl Command for ReceiveDeposit {
    const NAME: &'static str = "receive_deposit";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let deposit = work.load::<Deposit>(self.deposit).await?;
        let bank = work.load::<BankAccount>(self.bank_account).await?;
        let received = receive_deposit(
            &deposit.state,
            (self.bank_account, &bank.state),
            self.amount,
            work.context(),
        )?;
        work.record::<Deposit>(self.deposit, received);
        Ok(())
    }
}
