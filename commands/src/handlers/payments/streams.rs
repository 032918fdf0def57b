use std::sync::Arc;

use domain::{
    claim::Claim,
    decisions::{PaymentFacts, PaymentStreams},
    deposit::Deposit,
    ids::{ClaimId, DepositId, LeaseId, PaymentId},
    lease::Lease,
    payment::{Designation, Intent, Payment},
};

use crate::execute::{Decline, Work};

/// A payment, and everything that a decision about it rests on.
pub(super) struct Streams {
    payment: (PaymentId, Arc<Payment>),
    lease: (LeaseId, Arc<Lease>),
    deposits: Vec<(DepositId, Arc<Deposit>)>,
    claim: Option<(ClaimId, Arc<Claim>)>,
}

impl Streams {
    /// For money that comes in: with the deposits that are designated.
    pub(super) async fn coming_in(
        work: &mut Work<'_>,
        payment: (PaymentId, Arc<Payment>),
        intent: &Intent,
    ) -> Result<Self, Decline> {
        let lease = work.load::<Lease>(intent.lease).await?.state;
        let designated = intent.designations.iter().copied().filter_map(Designation::deposit);
        let deposits = deposits(work, designated.collect()).await?;
        // Of a payment that begins, the claim is nobody's as a rule.
        let claim = match intent.claim(work.context().organization) {
            Some(id) if payment.1.intent().is_err() => Some((id, work.begin::<Claim>(id).await?.state)),
            _ => claim(work, intent).await?,
        };
        Ok(Self {
            payment,
            lease: (intent.lease, lease),
            deposits,
            claim,
        })
    }

    /// For money that is taken back: with the deposits that it pays.
    pub(super) async fn taken_back(work: &mut Work<'_>, id: PaymentId) -> Result<Self, Decline> {
        let payment = work.load::<Payment>(id).await?.state;
        let intent = payment.intent()?;
        let lease = work.load::<Lease>(intent.lease).await?.state;
        let credit = lease.account().credit(id.into());
        let parts = credit.map_or(&[][..], |credit| &credit.applications);
        let paid = parts.iter().filter_map(|part| part.target.deposit()).collect();
        Ok(Self {
            lease: (intent.lease, lease.clone()),
            deposits: deposits(work, paid).await?,
            claim: claim(work, intent).await?,
            payment: (id, payment.clone()),
        })
    }

    /// Decides on them, and records what happened.
    pub(super) fn decide<R: Into<Decline>>(
        &self,
        work: &mut Work<'_>,
        decide: impl FnOnce(PaymentStreams<'_>, &domain::context::Context) -> Result<PaymentFacts, R>,
    ) -> Result<(), Decline> {
        let deposits = by_reference(&self.deposits);
        let free = Claim::default();
        let streams = PaymentStreams {
            payment: (self.payment.0, &self.payment.1),
            lease: &self.lease.1,
            deposits: &deposits,
            claim: self.claim.as_ref().map_or(&free, |(_, claim)| claim),
        };
        let facts = decide(streams, work.context()).map_err(Into::into)?;
        work.record::<Payment>(self.payment.0, facts.payment);
        work.record::<Lease>(self.lease.0, facts.lease);
        for (deposit, event) in facts.deposits {
            work.record::<Deposit>(deposit, vec![event]);
        }
        if let Some((claim, _)) = self.claim {
            work.record::<Claim>(claim, facts.claim);
        }
        Ok(())
    }
}

async fn claim(work: &mut Work<'_>, intent: &Intent) -> Result<Option<(ClaimId, Arc<Claim>)>, Decline> {
    match intent.claim(work.context().organization) {
        Some(id) => Ok(Some((id, work.load::<Claim>(id).await?.state))),
        None => Ok(None),
    }
}

/// Some deposits, each once.
pub(super) async fn deposits(
    work: &mut Work<'_>,
    ids: Vec<DepositId>,
) -> Result<Vec<(DepositId, Arc<Deposit>)>, Decline> {
    let mut deposits: Vec<(DepositId, Arc<Deposit>)> = Vec::new();
    for id in ids {
        if deposits.iter().all(|(known, _)| *known != id) {
            deposits.push((id, work.load::<Deposit>(id).await?.state));
        }
    }
    Ok(deposits)
}

pub(super) fn by_reference(deposits: &[(DepositId, Arc<Deposit>)]) -> Vec<(DepositId, &Deposit)> {
    deposits.iter().map(|(id, deposit)| (*id, &**deposit)).collect()
}
