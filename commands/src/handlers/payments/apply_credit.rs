use std::sync::Arc;

use domain::{
    decisions::{CreditStreams, apply_credit},
    deposit::Deposit,
    ids::{CreditId, DepositId, LeaseId, PaymentId},
    lease::{CreditSource, Lease},
    payment::{Designation, Payment},
};
use serde::Serialize;

use super::streams::{by_reference, deposits};
use crate::execute::{Command, Decline, Work};

/// Pays what is designated out of a credit or, with nothing designated, what is unpaid.
#[derive(Debug, Clone, Serialize)]
pub struct ApplyCredit {
    /// The lease.
    pub lease: LeaseId,
    /// Its credit.
    pub credit: CreditId,
    /// What it pays, in this order.
    pub designations: Vec<Designation>,
}

impl Command for ApplyCredit {
    const NAME: &'static str = "apply_credit";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let lease = work.load::<Lease>(self.lease).await?.state;
        let payment = payment_of(work, &lease, self.credit).await?;
        let designated = self.designations.iter().copied().filter_map(Designation::deposit);
        let deposits = deposits(work, designated.collect()).await?;
        let streams = CreditStreams {
            credit: self.credit,
            payment: payment.as_deref(),
            lease: (self.lease, &lease),
            deposits: &by_reference(&deposits),
        };
        let (applied, received) = apply_credit(streams, &self.designations, work.context())?;
        work.record::<Lease>(self.lease, applied);
        record_deposits(work, received);
        Ok(())
    }
}

/// The payment that a credit comes from; none if it was taken over from earlier books.
pub(super) async fn payment_of(
    work: &mut Work<'_>,
    lease: &Lease,
    credit: CreditId,
) -> Result<Option<Arc<Payment>>, Decline> {
    match lease.account().credit(credit).map(|credit| credit.source) {
        Some(CreditSource::Payment) => Ok(Some(work.load::<Payment>(PaymentId(credit.0)).await?.state)),
        Some(CreditSource::Opening) | None => Ok(None),
    }
}

pub(super) fn record_deposits(work: &mut Work<'_>, events: Vec<(DepositId, domain::deposit::DepositEvent)>) {
    for (deposit, event) in events {
        work.record::<Deposit>(deposit, vec![event]);
    }
}
