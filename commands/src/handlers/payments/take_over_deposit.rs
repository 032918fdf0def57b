use domain::{
    decisions::take_over_deposit,
    deposit::{Deposit, NewDeposit},
    ids::DepositId,
    lease::Lease,
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Takes over a deposit that earlier books held, as of the day the command counts from.
#[derive(Debug, Clone, Serialize)]
pub struct TakeOverDeposit {
    /// The id that it gets.
    pub deposit: DepositId,
    /// What is held.
    pub new: NewDeposit,
}

impl Command for TakeOverDeposit {
    const NAME: &'static str = "take_over_deposit";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let deposit = work.begin::<Deposit>(self.deposit).await?;
        let lease = work.load::<Lease>(self.new.lease).await?;
        let (added, held) = take_over_deposit(&lease.state, (self.deposit, &deposit.state), self.new, work.context())?;
        work.record::<Deposit>(self.deposit, held);
        work.record::<Lease>(self.new.lease, added);
        Ok(())
    }
}
