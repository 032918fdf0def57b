//! What a lease's steps ask of it, its unit, its residents and its property. What a lease decides alone goes through
//! [`OnStream`](super::OnStream).

use std::sync::Arc;

use chrono::NaiveDate;
use domain::{
    Refusal,
    context::Context,
    decisions::{self, Tenancy, TenancyFacts},
    deposit::Deposit,
    ids::{DepositId, LeaseId, ResidentId, UnitId},
    lease::{Lease, Renewal, TakeOver, Terms},
    money::Money,
    property::Property,
    resident::Resident,
    unit::{Unit, UnitRefusal},
};
use serde::Serialize;

use crate::execute::{Command, Decline, Work};

/// Drafts a lease, under the first id that the command gives out.
#[derive(Debug, Clone, Serialize)]
pub struct DraftLease {
    /// The unit.
    pub unit: UnitId,
    /// What is to be agreed.
    pub terms: Terms,
}

impl Command for DraftLease {
    const NAME: &'static str = "draft_lease";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let id = LeaseId(work.context().id(0));
        let lease = work.begin::<Lease>(id).await?.state;
        let unit = work.load::<Unit>(self.unit).await?.state;
        let property = property_of(work, &unit).await?;
        let residents = residents(work, &self.terms.residents).await?;
        let events = decisions::draft_lease(
            &lease,
            &property,
            (self.unit, &unit),
            &borrowed(&residents),
            self.terms.clone(),
            work.context(),
        )?;
        work.record::<Lease>(id, events);
        Ok(())
    }
}

/// Changes a draft.
#[derive(Debug, Clone, Serialize)]
pub struct AmendLease {
    /// Which lease.
    pub lease: LeaseId,
    /// All of its terms, as they are from now on.
    pub terms: Terms,
}

impl Command for AmendLease {
    const NAME: &'static str = "amend_lease";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let lease = work.load::<Lease>(self.lease).await?.state;
        let residents = residents(work, &self.terms.residents).await?;
        let events = decisions::amend_lease(&lease, &borrowed(&residents), self.terms.clone(), work.context())?;
        work.record::<Lease>(self.lease, events);
        Ok(())
    }
}

/// Records that all parties signed.
#[derive(Debug, Clone, Serialize)]
pub struct SignLease {
    /// Which lease.
    pub lease: LeaseId,
    /// The day of the last signature.
    pub on: NaiveDate,
}

impl Command for SignLease {
    const NAME: &'static str = "sign_lease";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let parties = Parties::load(work, self.lease).await?;
        let property = property_of(work, &parties.unit).await?;
        parties.record(work, |tenancy, context| {
            decisions::sign_lease(tenancy, &property, self.on, context)
        })
    }
}

/// Brings a signed lease into force.
#[derive(Debug, Clone, Serialize)]
pub struct ActivateLease {
    /// Which lease.
    pub lease: LeaseId,
    /// The day of moving in.
    pub on: NaiveDate,
}

impl Command for ActivateLease {
    const NAME: &'static str = "activate_lease";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let parties = Parties::load(work, self.lease).await?;
        parties.record(work, |tenancy, context| {
            decisions::activate_lease(tenancy, self.on, context)
        })
    }
}

/// Agrees on another term.
#[derive(Debug, Clone, Serialize)]
pub struct RenewLease {
    /// Which lease.
    pub lease: LeaseId,
    /// The term.
    pub renewal: Renewal,
}

impl Command for RenewLease {
    const NAME: &'static str = "renew_lease";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let parties = Parties::load(work, self.lease).await?;
        parties.record(work, |tenancy, context| {
            decisions::renew_lease(tenancy, self.renewal, context)
        })
    }
}

/// Lets a lease whose term is over go on from month to month.
#[derive(Debug, Clone, Serialize)]
pub struct RollOverLease {
    /// Which lease.
    pub lease: LeaseId,
}

impl Command for RollOverLease {
    const NAME: &'static str = "roll_over_lease";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let parties = Parties::load(work, self.lease).await?;
        parties.record(work, decisions::roll_over_lease)
    }
}

/// Ends a lease whose term or notice is over, or lets it go on from month to month.
#[derive(Debug, Clone, Serialize)]
pub struct ConcludeTerm {
    /// Which lease.
    pub lease: LeaseId,
}

impl Command for ConcludeTerm {
    const NAME: &'static str = "conclude_term";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let parties = Parties::load(work, self.lease).await?;
        parties.record(work, decisions::conclude_term)
    }
}

/// Records that a lease was announced to end.
#[derive(Debug, Clone, Serialize)]
pub struct GiveNotice {
    /// Which lease.
    pub lease: LeaseId,
    /// The day of the announcement.
    pub given_on: NaiveDate,
    /// The day after the last.
    pub ends: NaiveDate,
}

impl Command for GiveNotice {
    const NAME: &'static str = "give_notice";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let parties = Parties::load(work, self.lease).await?;
        parties.record(work, |tenancy, context| {
            decisions::give_notice(tenancy, self.given_on, self.ends, context)
        })
    }
}

/// Ends a lease.
#[derive(Debug, Clone, Serialize)]
pub struct EndLease {
    /// Which lease.
    pub lease: LeaseId,
    /// The day after the last.
    pub on: NaiveDate,
}

impl Command for EndLease {
    const NAME: &'static str = "end_lease";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let parties = Parties::load(work, self.lease).await?;
        parties.record(work, |tenancy, context| decisions::end_lease(tenancy, self.on, context))
    }
}

/// Gives a lease up before it came into force.
#[derive(Debug, Clone, Serialize)]
pub struct VoidLease {
    /// Which lease.
    pub lease: LeaseId,
    /// Why.
    pub reason: String,
}

impl Command for VoidLease {
    const NAME: &'static str = "void_lease";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let parties = Parties::load(work, self.lease).await?;
        parties.record(work, |tenancy, context| {
            decisions::void_lease(tenancy, self.reason.clone(), context)
        })
    }
}

/// Closes a lease on which nothing is owed either way and whose deposits are disposed of.
#[derive(Debug, Clone, Serialize)]
pub struct SettleLease {
    /// Which lease.
    pub lease: LeaseId,
}

impl Command for SettleLease {
    const NAME: &'static str = "settle_lease";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let lease = work.load::<Lease>(self.lease).await?.state;
        let mut deposits: Vec<(DepositId, Arc<Deposit>)> = Vec::new();
        for id in lease.deposits() {
            deposits.push((*id, work.load::<Deposit>(*id).await?.state));
        }
        let events = decisions::settle_lease(&lease, &borrowed(&deposits), work.context())?;
        work.record::<Lease>(self.lease, events);
        Ok(())
    }
}

/// Takes a lease in force over from earlier books, under the first id that the command gives out, as of the day that the
/// command is effective on.
#[derive(Debug, Clone, Serialize)]
pub struct TakeOverLease {
    /// The unit.
    pub unit: UnitId,
    /// What was agreed. A term that is past goes on from month to month.
    pub terms: Terms,
    /// The day of moving in.
    pub moved_in: NaiveDate,
    /// The day after the last, if notice was given.
    pub notice: Option<NaiveDate>,
    /// What is owed; below zero what is in the residents' favour.
    pub balance: Money,
    /// When what is owed was due, if not on the day it is taken over.
    pub due_on: Option<NaiveDate>,
}

impl Command for TakeOverLease {
    const NAME: &'static str = "take_over_lease";

    async fn decide(&self, work: &mut Work<'_>) -> Result<(), Decline> {
        let id = LeaseId(work.context().id(0));
        let lease = work.begin::<Lease>(id).await?.state;
        let unit = work.load::<Unit>(self.unit).await?.state;
        let property = property_of(work, &unit).await?;
        let residents = residents(work, &self.terms.residents).await?;
        let taken = TakeOver {
            property: unit.property().ok_or(UnitRefusal::Absent)?,
            unit: self.unit,
            terms: self.terms.clone(),
            moved_in: self.moved_in,
            notice: self.notice,
            balance: self.balance,
            due_on: self.due_on,
        };
        let parties = Parties {
            id,
            lease,
            unit_id: self.unit,
            unit,
            residents,
        };
        parties.record(work, |tenancy, context| {
            decisions::take_over_lease(tenancy, &property, taken, context)
        })
    }
}

/// A lease, its unit and its residents, as a command finds them.
struct Parties {
    id: LeaseId,
    lease: Arc<Lease>,
    unit_id: UnitId,
    unit: Arc<Unit>,
    residents: Vec<(ResidentId, Arc<Resident>)>,
}

impl Parties {
    async fn load(work: &mut Work<'_>, id: LeaseId) -> Result<Self, Decline> {
        let lease = work.load::<Lease>(id).await?.state;
        let contract = lease.contract()?;
        let unit_id = contract.unit;
        let unit = work.load::<Unit>(unit_id).await?.state;
        let residents = residents(work, &contract.residents).await?;
        Ok(Self {
            id,
            lease,
            unit_id,
            unit,
            residents,
        })
    }

    /// Decides, and records what happened to each stream.
    fn record(
        self,
        work: &mut Work<'_>,
        decide: impl FnOnce(Tenancy<'_>, &Context) -> Result<TenancyFacts, Refusal>,
    ) -> Result<(), Decline> {
        let tenancy = Tenancy {
            id: self.id,
            lease: &self.lease,
            unit: &self.unit,
            residents: &borrowed(&self.residents),
        };
        let facts = decide(tenancy, work.context())?;
        work.record::<Lease>(self.id, facts.lease);
        work.record::<Unit>(self.unit_id, facts.unit);
        for (resident, events) in facts.residents {
            work.record::<Resident>(resident, events);
        }
        Ok(())
    }
}

async fn property_of(work: &mut Work<'_>, unit: &Unit) -> Result<Arc<Property>, Decline> {
    let property = unit.property().ok_or(UnitRefusal::Absent)?;
    Ok(work.load::<Property>(property).await?.state)
}

async fn residents(work: &mut Work<'_>, ids: &[ResidentId]) -> Result<Vec<(ResidentId, Arc<Resident>)>, Decline> {
    let mut residents = Vec::with_capacity(ids.len());
    for id in ids {
        residents.push((*id, work.load::<Resident>(*id).await?.state));
    }
    Ok(residents)
}

fn borrowed<I: Copy, A>(states: &[(I, Arc<A>)]) -> Vec<(I, &A)> {
    states.iter().map(|(id, state)| (*id, &**state)).collect()
}
