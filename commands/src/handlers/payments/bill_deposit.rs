use domain::{
    decisions::bill_deposit,
    deposit::{Deposit, NewDeposit},
    ids::DepositId,
    lease::Lease,
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Asks for a deposit.
#[derive(Debug, Clone, Serialize)]
pub struct BillDeposit {
    /// The id that it gets.
    pub deposit: DepositId,
    /// What is asked for.
    pub new: NewDeposit,
}

impl Command for BillDeposit {
    const NAME: &'static str = "bill_deposit";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let deposit = work.begin::<Deposit>(self.deposit).await?;
        let lease = work.load::<Lease>(self.new.lease).await?;
        let (added, billed) = bill_deposit(&lease.state, (self.deposit, &deposit.state), self.new, work.context())?;
        work.record::<Deposit>(self.deposit, billed);
        work.record::<Lease>(self.new.lease, added);
        Ok(())
    }
}
