use chrono::NaiveDate;
use cqrs_es::Aggregate;

use crate::{
    Refusal,
    context::Context,
    deposit::Deposit,
    ids::{DepositId, LeaseId, ResidentId, UnitId},
    lease::{Contract, Lease, LeaseCommand, LeaseEvent, LeaseRefusal, Renewal, Status, TakeOver, Terms},
    property::Property,
    resident::{Resident, ResidentEvent},
    unit::{Unit, UnitEvent, UnitRefusal},
};

/// A lease with its unit and its residents, in the order in which the lease names them.
#[derive(Debug, Clone, Copy)]
pub struct Tenancy<'a> {
    /// The lease's id.
    pub id: LeaseId,
    /// The lease.
    pub lease: &'a Lease,
    /// Its unit.
    pub unit: &'a Unit,
    /// Its residents.
    pub residents: &'a [(ResidentId, &'a Resident)],
}

/// What a decision about a tenancy gives: the facts of each stream.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TenancyFacts {
    /// Of the lease.
    pub lease: Vec<LeaseEvent>,
    /// Of the unit.
    pub unit: Vec<UnitEvent>,
    /// Of each resident.
    pub residents: Vec<(ResidentId, Vec<ResidentEvent>)>,
}

/// A lease is drafted. Writes its stream and guards those of the property, the unit and the residents. Drafts may compete
/// for a unit.
///
/// # Errors
/// Refuses a property that is absent or left, a unit that is absent, and residents that are absent or erased.
pub fn draft_lease(
    lease: &Lease,
    property: &Property,
    (unit_id, unit): (UnitId, &Unit),
    residents: &[(ResidentId, &Resident)],
    terms: Terms,
    context: &Context,
) -> Result<Vec<LeaseEvent>, Refusal> {
    let part_of = unit.property().ok_or(UnitRefusal::Absent)?;
    property.must_be_managed()?;
    residents_must_exist(residents)?;
    let draft = LeaseCommand::Draft {
        property: part_of,
        unit: unit_id,
        terms,
    };
    lease.decide(draft, context)
}

/// A draft changes. Writes its stream and guards those of the residents it names now.
///
/// # Errors
/// Refuses residents that are absent or erased, and a lease that is no draft.
pub fn amend_lease(
    lease: &Lease,
    residents: &[(ResidentId, &Resident)],
    terms: Terms,
    context: &Context,
) -> Result<Vec<LeaseEvent>, Refusal> {
    let amended = lease.decide(LeaseCommand::Amend { terms }, context)?;
    residents_must_exist(residents)?;
    Ok(amended)
}

/// All parties signed: the lease takes the unit for its term. Writes the streams of both and guards those of the property and
/// the residents.
///
/// # Errors
/// Refuses days that another lease has, a unit that is offline, a property that left, and residents that were erased.
pub fn sign_lease(
    tenancy: Tenancy<'_>,
    property: &Property,
    on: NaiveDate,
    context: &Context,
) -> Result<TenancyFacts, Refusal> {
    let lease = tenancy.lease.decide(LeaseCommand::Sign { on }, context)?;
    property.must_be_managed()?;
    residents_must_exist(tenancy.residents)?;
    tenancy.takes_unit(lease)
}

/// A signed lease comes into force: the residents move in, and what has fallen due is charged. Writes the streams of the
/// lease, the unit and the residents.
///
/// # Errors
/// Refuses a unit in which somebody still lives or that is offline, and residents that were erased.
pub fn activate_lease(tenancy: Tenancy<'_>, on: NaiveDate, context: &Context) -> Result<TenancyFacts, Refusal> {
    let lease = tenancy.lease.decide(LeaseCommand::Activate { on }, context)?;
    let unit = tenancy.unit.move_in(tenancy.id)?;
    let residents = tenancy.move_in(tenancy.contract()?.unit, on)?;
    Ok(TenancyFacts { lease, unit, residents })
}

/// A lease goes on for another term. Writes its stream and the unit's.
///
/// # Errors
/// Refuses days that another lease has.
pub fn renew_lease(tenancy: Tenancy<'_>, renewal: Renewal, context: &Context) -> Result<TenancyFacts, Refusal> {
    tenancy.takes_unit(tenancy.lease.decide(LeaseCommand::Renew(renewal), context)?)
}

/// A lease goes on from month to month. Writes its stream and the unit's.
///
/// # Errors
/// Refuses before its term is over, and if another lease of the unit follows.
pub fn roll_over_lease(tenancy: Tenancy<'_>, context: &Context) -> Result<TenancyFacts, Refusal> {
    let lease = tenancy.lease.decide(LeaseCommand::RollOver, context)?;
    if let Some(ends) = tenancy.contract()?.term.to
        && tenancy.unit.has_successor(tenancy.id, ends)
    {
        return Err(LeaseRefusal::Successor { ends }.into());
    }
    tenancy.takes_unit(lease)
}

/// The term of a lease is over, or the day has come for which notice was given: it ends, or goes on from month to month if
/// neither notice nor another lease of the unit stands against that.
///
/// # Errors
/// Refuses before that day.
pub fn conclude_term(tenancy: Tenancy<'_>, context: &Context) -> Result<TenancyFacts, Refusal> {
    let contract = tenancy.contract()?;
    match contract.term.to {
        Some(ends) if contract.status == Status::OnNotice || tenancy.unit.has_successor(tenancy.id, ends) => {
            if context.effective_on < ends {
                return Err(LeaseRefusal::TermNotOver { ends }.into());
            }
            end_lease(tenancy, ends, context)
        }
        _ => roll_over_lease(tenancy, context),
    }
}

/// It is announced that a lease ends. Writes the streams of the lease, the unit and the residents.
///
/// # Errors
/// Refuses a lease that is not in force, and an end after which another lease has the unit already.
pub fn give_notice(
    tenancy: Tenancy<'_>,
    given_on: NaiveDate,
    ends: NaiveDate,
    context: &Context,
) -> Result<TenancyFacts, Refusal> {
    let notice = LeaseCommand::GiveNotice { given_on, ends };
    let mut facts = tenancy.takes_unit(tenancy.lease.decide(notice, context)?)?;
    facts.residents = tenancy.each_resident(|resident| Ok(resident.give_notice(tenancy.id, ends)?))?;
    Ok(facts)
}

/// A lease ends: the residents move out. Writes the streams of the lease, the unit and the residents.
///
/// # Errors
/// Refuses a lease that is not in force, and days that another lease has.
pub fn end_lease(tenancy: Tenancy<'_>, on: NaiveDate, context: &Context) -> Result<TenancyFacts, Refusal> {
    Ok(TenancyFacts {
        lease: tenancy.lease.decide(LeaseCommand::End { on }, context)?,
        unit: tenancy.unit.move_out(tenancy.id, on)?,
        residents: tenancy.each_resident(|resident| Ok(resident.move_out(tenancy.id, on)?))?,
    })
}

/// A lease is given up before it came into force. Writes its stream, and the unit's if it had days of it.
///
/// # Errors
/// Refuses a lease that is in force or was.
pub fn void_lease(tenancy: Tenancy<'_>, reason: String, context: &Context) -> Result<TenancyFacts, Refusal> {
    let lease = tenancy.lease.decide(LeaseCommand::Void { reason }, context)?;
    let unit = if tenancy.contract()?.status == Status::Signed {
        tenancy.unit.release(tenancy.id)?
    } else {
        vec![]
    };
    let residents = vec![];
    Ok(TenancyFacts { lease, unit, residents })
}

/// A lease that ended is settled. Writes its stream and guards those of all its deposits.
///
/// # Errors
/// Refuses a balance that is not zero, and a deposit of which something is held.
pub fn settle_lease(
    lease: &Lease,
    deposits: &[(DepositId, &Deposit)],
    context: &Context,
) -> Result<Vec<LeaseEvent>, Refusal> {
    let settled = lease.decide(LeaseCommand::Settle, context)?;
    for (deposit, state) in deposits {
        let held = state.held()?;
        if !held.is_zero() {
            let deposit = *deposit;
            return Err(LeaseRefusal::DepositHeld { deposit, held }.into());
        }
    }
    Ok(settled)
}

/// A lease in force is taken over from earlier books, with its balance. Writes the streams of the lease, the unit and the
/// residents, and guards the property's.
///
/// # Errors
/// Refuses what drafting, signing and activating refuse.
pub fn take_over_lease(
    tenancy: Tenancy<'_>,
    property: &Property,
    taken: TakeOver,
    context: &Context,
) -> Result<TenancyFacts, Refusal> {
    let (unit_id, moved_in, notice) = (taken.unit, taken.moved_in, taken.notice);
    tenancy.unit.must_be_part_of(taken.property)?;
    property.must_be_managed()?;
    let mut facts = tenancy.takes_unit(tenancy.lease.decide(LeaseCommand::TakeOver(taken), context)?)?;
    let unit = with(tenancy.unit, &facts.unit);
    facts.unit.extend(unit.move_in(tenancy.id)?);
    facts.residents = tenancy.move_in(unit_id, moved_in)?;
    if let Some(ends) = notice {
        for ((_, events), (_, resident)) in facts.residents.iter_mut().zip(tenancy.residents) {
            let notice = with(*resident, events).give_notice(tenancy.id, ends)?;
            events.extend(notice);
        }
    }
    Ok(facts)
}

impl Tenancy<'_> {
    fn contract(&self) -> Result<&Contract, LeaseRefusal> {
        self.lease.contract()
    }

    /// The unit's days are those that the lease has after these facts.
    fn takes_unit(&self, lease: Vec<LeaseEvent>) -> Result<TenancyFacts, Refusal> {
        let after = with(self.lease, &lease);
        let contract = after.contract()?;
        let unit = self
            .unit
            .take(self.id, contract.term, contract.status == Status::OnNotice)?;
        let residents = vec![];
        Ok(TenancyFacts { lease, unit, residents })
    }

    fn move_in(&self, unit: UnitId, on: NaiveDate) -> Result<Vec<(ResidentId, Vec<ResidentEvent>)>, Refusal> {
        self.each_resident(|resident| Ok(resident.move_in(self.id, unit, on)?))
    }

    fn each_resident(
        &self,
        decide: impl Fn(&Resident) -> Result<Vec<ResidentEvent>, Refusal>,
    ) -> Result<Vec<(ResidentId, Vec<ResidentEvent>)>, Refusal> {
        let residents = self.residents.iter();
        residents.map(|(id, resident)| Ok((*id, decide(resident)?))).collect()
    }
}

fn residents_must_exist(residents: &[(ResidentId, &Resident)]) -> Result<(), Refusal> {
    residents
        .iter()
        .try_for_each(|(_, resident)| Ok(resident.must_exist()?))
}

/// The state that facts leave.
fn with<A: Aggregate + Clone>(state: &A, facts: &[A::Event]) -> A {
    facts.iter().fold(state.clone(), |mut state, fact| {
        state.apply(fact.clone());
        state
    })
}

#[cfg(test)]
mod tests;
