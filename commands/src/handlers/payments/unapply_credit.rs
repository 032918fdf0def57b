use domain::{
    decisions::{CreditStreams, unapply_credit},
    ids::{CreditId, LeaseId},
    lease::{CreditTarget, Lease},
    money::Money,
};
use serde::Serialize;

use super::{
    apply_credit::{payment_of, record_deposits},
    streams::{by_reference, deposits},
};
use crate::execute::{Command, Decline, Work};

/// Makes unpaid again what a credit paid, so that it is free.
#[derive(Debug, Clone, Serialize)]
pub struct UnapplyCredit {
    /// The lease.
    pub lease: LeaseId,
    /// Its credit.
    pub credit: CreditId,
    /// What it paid.
    pub target: CreditTarget,
    /// How much of that.
    pub amount: Money,
}

impl Command for UnapplyCredit {
    const NAME: &'static str = "unapply_credit";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let lease = work.load::<Lease>(self.lease).await?.state;
        let payment = payment_of(work, &lease, self.credit).await?;
        let deposits = deposits(work, self.target.deposit().into_iter().collect()).await?;
        let streams = CreditStreams {
            credit: self.credit,
            payment: payment.as_deref(),
            lease: (self.lease, &lease),
            deposits: &by_reference(&deposits),
        };
        let (unapplied, reversed) = unapply_credit(streams, self.target, self.amount, work.context())?;
        work.record::<Lease>(self.lease, unapplied);
        record_deposits(work, reversed);
        Ok(())
    }
}
