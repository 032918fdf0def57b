//! Event by event: what becomes of the rows and the sums.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    lease::{ChargeKind, CreditTarget, LeaseEvent},
    maintenance_request::{Deadlines, MaintenanceRequestEvent, Priority},
    registry::AnyEvent,
    unit::UnitEvent,
    work_order::WorkOrderEvent,
};
use uuid::Uuid;

use super::state::{Charge, Item, Job, Key, Lease, State, Unit};

/// An event is about a thing that no event has created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {id} was never created")]
pub struct Unknown {
    what: &'static str,
    id: Uuid,
}

/// One event with what the dashboard reads beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Happening<'a> {
    pub organization: Uuid,
    pub id: Uuid,
    pub effective_on: NaiveDate,
    pub occurred_at: DateTime<Utc>,
    pub event: &'a AnyEvent,
}

impl Happening<'_> {
    const fn key(&self) -> Key {
        (self.organization, self.id)
    }
}

/// Brings the rows and sums up to date with one event.
///
/// # Errors
/// Refuses an event about a thing that was never created.
pub(super) fn fold(state: &mut State, happening: &Happening<'_>) -> Result<(), Unknown> {
    match happening.event {
        AnyEvent::Unit(event) => unit(state, happening, event),
        AnyEvent::Lease(event) => lease(state, happening, event),
        AnyEvent::MaintenanceRequest(event) => request(state, happening, event),
        AnyEvent::WorkOrder(event) => work_order(state, happening, event),
        AnyEvent::BankAccount(_)
        | AnyEvent::Claim(_)
        | AnyEvent::Clock(_)
        | AnyEvent::Deposit(_)
        | AnyEvent::Organization(_)
        | AnyEvent::Payment(_)
        | AnyEvent::Property(_)
        | AnyEvent::Resident(_)
        | AnyEvent::Vendor(_) => Ok(()),
    }
}

fn unit(state: &mut State, happening: &Happening<'_>, event: &UnitEvent) -> Result<(), Unknown> {
    let key = happening.key();
    match event {
        UnitEvent::Created { property, details } => {
            let unit = Unit {
                property: property.0,
                market_rent: details.market_rent.minor,
                offline: false,
            };
            rentable(state, happening, &unit, 1);
            state.moves(key.0, unit.property, happening.effective_on, |day| day.units += 1);
            state.units.insert(key, unit);
        }
        UnitEvent::Updated { details } => {
            let unit = known_unit(state, key)?;
            let change = details.market_rent.minor - unit.market_rent;
            unit.market_rent = details.market_rent.minor;
            let (property, counts) = (unit.property, !unit.offline);
            if counts && change != 0 {
                state.moves(key.0, property, happening.effective_on, |day| day.market_rent += change);
            }
        }
        UnitEvent::TakenOffline { .. } => turn(state, happening, true)?,
        UnitEvent::MadeReady => turn(state, happening, false)?,
        UnitEvent::Listed { .. }
        | UnitEvent::Leased { .. }
        | UnitEvent::Released { .. }
        | UnitEvent::Occupied { .. }
        | UnitEvent::Vacated { .. } => {}
    }
    Ok(())
}

fn turn(state: &mut State, happening: &Happening<'_>, offline: bool) -> Result<(), Unknown> {
    let unit = known_unit(state, happening.key())?;
    if unit.offline != offline {
        unit.offline = offline;
        let unit = unit.clone();
        rentable(state, happening, &unit, if offline { -1 } else { 1 });
    }
    Ok(())
}

/// Counts a unit, and its market rent, among those that can be rented, or no longer.
fn rentable(state: &mut State, happening: &Happening<'_>, unit: &Unit, count: i64) {
    state.moves(happening.organization, unit.property, happening.effective_on, |day| {
        day.rentable += count;
        day.market_rent += count * unit.market_rent;
    });
}

fn lease(state: &mut State, happening: &Happening<'_>, event: &LeaseEvent) -> Result<(), Unknown> {
    let key = happening.key();
    match event {
        LeaseEvent::Created { property, unit, terms } => {
            let lease = Lease {
                property: property.0,
                unit: unit.0,
                residents: terms.residents.iter().map(|resident| resident.0).collect(),
                rents: vec![(terms.term.from, terms.rent.minor)],
                activated_on: None,
            };
            state.leases.insert(key, lease);
        }
        LeaseEvent::Amended { terms } => {
            let lease = known_lease(state, key)?;
            lease.residents = terms.residents.iter().map(|resident| resident.0).collect();
            lease.rents = vec![(terms.term.from, terms.rent.minor)];
        }
        LeaseEvent::Activated { on } => {
            let lease = known_lease(state, key)?;
            lease.activated_on = Some(*on);
            let lease = lease.clone();
            state.moves(key.0, lease.property, *on, |day| day.occupied += 1);
            contract(state, key.0, &lease, *on, 1);
        }
        LeaseEvent::Ended { on } => {
            let lease = known_lease(state, key)?;
            if lease.activated_on.take().is_some() {
                let lease = lease.clone();
                state.moves(key.0, lease.property, *on, |day| day.occupied -= 1);
                contract(state, key.0, &lease, *on, -1);
            }
        }
        LeaseEvent::RentChanged { rent, from, .. } | LeaseEvent::Renewed { rent, from, .. } => {
            let lease = known_lease(state, key)?;
            let before = lease.clone();
            lease.agree(*from, rent.minor);
            let after = lease.clone();
            if let Some(activated_on) = after.activated_on {
                contract(state, key.0, &before, activated_on, -1);
                contract(state, key.0, &after, activated_on, 1);
            }
        }
        _ => account(state, key, event)?,
    }
    Ok(())
}

/// Adds the rent of a lease to the contract rents from a day on, or takes it away.
fn contract(state: &mut State, organization: Uuid, lease: &Lease, start: NaiveDate, count: i64) {
    for (day, change) in lease.steps(start) {
        state.moves(organization, lease.property, day, |sums| sums.contract_rent += count * change);
    }
}

/// What a lease's account says.
fn account(state: &mut State, key: Key, event: &LeaseEvent) -> Result<(), Unknown> {
    match event {
        LeaseEvent::ChargePosted { charge, kind, amount, due_on, .. } => {
            owed(state, key, charge.0, *kind, (amount.minor, *due_on))
        }
        LeaseEvent::LateFeeAssessed { charge, amount, day, .. } => {
            owed(state, key, charge.0, ChargeKind::LateFee, (amount.minor, *day))
        }
        LeaseEvent::Opened { charge: Some(opening), .. } => {
            owed(state, key, opening.charge.0, ChargeKind::Opening, (opening.amount.minor, opening.due_on))
        }
        LeaseEvent::ChargeWaived { charge, amount, .. } | LeaseEvent::ConcessionGranted { charge, amount, .. } => {
            reduced(state, (key.0, charge.0), amount.minor, true)
        }
        LeaseEvent::ChargeWrittenOff { charge, amount, .. } => {
            reduced(state, (key.0, charge.0), amount.minor, false)
        }
        LeaseEvent::CreditApplied { target: CreditTarget::Charge { charge, .. }, amount, .. } => {
            collected(state, (key.0, charge.0), amount.minor)
        }
        LeaseEvent::CreditUnapplied { target: CreditTarget::Charge { charge, .. }, amount, .. } => {
            collected(state, (key.0, charge.0), -amount.minor)
        }
        LeaseEvent::CreditApplied { target: CreditTarget::Deposit { .. }, .. }
        | LeaseEvent::CreditUnapplied { target: CreditTarget::Deposit { .. }, .. }
        | LeaseEvent::Opened { charge: None, .. }
        | LeaseEvent::Created { .. }
        | LeaseEvent::Amended { .. }
        | LeaseEvent::RecurringChargeAdded { .. }
        | LeaseEvent::RecurringChargeEnded { .. }
        | LeaseEvent::Signed { .. }
        | LeaseEvent::Activated { .. }
        | LeaseEvent::RentChanged { .. }
        | LeaseEvent::Renewed { .. }
        | LeaseEvent::RolledOver { .. }
        | LeaseEvent::NoticeGiven { .. }
        | LeaseEvent::Expiring { .. }
        | LeaseEvent::Ended { .. }
        | LeaseEvent::Settled
        | LeaseEvent::Voided { .. }
        | LeaseEvent::DepositAdded { .. }
        | LeaseEvent::Credited { .. }
        | LeaseEvent::CreditWithdrawn { .. } => Ok(()),
    }
}

fn owed(
    state: &mut State,
    lease: Key,
    charge: Uuid,
    kind: ChargeKind,
    (amount, due_on): (i64, NaiveDate),
) -> Result<(), Unknown> {
    let property = known_lease(state, lease)?.property;
    let row = Charge {
        lease: lease.1,
        property,
        rent: kind == ChargeKind::Rent,
        due_on,
        open: amount,
    };
    state.charges.insert((lease.0, charge), row);
    state.owes(lease.0, property, due_on, |sums| {
        sums.charged += amount;
        sums.open += amount;
    });
    Ok(())
}

/// A charge is less than it was: what is waived was never charged, what is written off was.
fn reduced(state: &mut State, charge: Key, amount: i64, waived: bool) -> Result<(), Unknown> {
    let row = known_charge(state, charge)?;
    row.open -= amount;
    let row = row.clone();
    state.owes(charge.0, row.property, row.due_on, |sums| {
        sums.open -= amount;
        sums.charged -= if waived { amount } else { 0 };
    });
    Ok(())
}

fn collected(state: &mut State, charge: Key, amount: i64) -> Result<(), Unknown> {
    let row = known_charge(state, charge)?;
    row.open -= amount;
    let row = row.clone();
    state.owes(charge.0, row.property, row.due_on, |sums| {
        sums.open -= amount;
        sums.collected += amount;
        sums.rent_collected += if row.rent { amount } else { 0 };
    });
    Ok(())
}

fn request(state: &mut State, happening: &Happening<'_>, event: &MaintenanceRequestEvent) -> Result<(), Unknown> {
    let key = happening.key();
    match event {
        MaintenanceRequestEvent::Submitted { property, priority, deadlines, .. } => {
            let item = Item {
                property: property.0,
                work_order: false,
                job: key.1,
                priority: *priority,
                open: true,
            };
            begins(state, happening, item, *deadlines);
        }
        MaintenanceRequestEvent::Triaged { priority, deadlines, .. } => {
            known_item(state, key)?.priority = *priority;
            let job = known_job(state, key)?;
            job.priority = *priority;
            job.deadlines = *deadlines;
        }
        MaintenanceRequestEvent::Declined { .. } => {
            known_item(state, key)?.open = false;
            known_job(state, key)?.dropped = true;
        }
        MaintenanceRequestEvent::Resolved { .. } => {
            known_item(state, key)?.open = false;
            resolved(state, key, happening.occurred_at)?;
        }
        MaintenanceRequestEvent::Reopened { deadlines, .. } => {
            known_item(state, key)?.open = true;
            reopened(state, key, happening.occurred_at, *deadlines)?;
        }
        MaintenanceRequestEvent::Converted { .. } | MaintenanceRequestEvent::SlaBreached { .. } => {}
    }
    Ok(())
}

fn work_order(state: &mut State, happening: &Happening<'_>, event: &WorkOrderEvent) -> Result<(), Unknown> {
    let key = happening.key();
    if let WorkOrderEvent::Created { property, request, priority, deadlines, .. } = event {
        let item = Item {
            property: property.0,
            work_order: true,
            job: request.map_or(key.1, |request| request.0),
            priority: *priority,
            open: true,
        };
        if request.is_some() {
            state.items.insert(key, item);
        } else {
            begins(state, happening, item, *deadlines);
        }
        return Ok(());
    }
    let item = known_item(state, key)?;
    let job = (key.0, item.job);
    match event {
        WorkOrderEvent::Assigned { .. } => {
            known_job(state, job)?.responded_at.get_or_insert(happening.occurred_at);
        }
        WorkOrderEvent::Resumed { deadlines } => known_job(state, job)?.deadlines = *deadlines,
        WorkOrderEvent::WorkDone { .. } => resolved(state, job, happening.occurred_at)?,
        WorkOrderEvent::Completed { .. } => {
            item.open = false;
            resolved(state, job, happening.occurred_at)?;
        }
        WorkOrderEvent::Cancelled { .. } => {
            item.open = false;
            // A request outlives its work order: its clocks go on.
            if job == key {
                known_job(state, job)?.dropped = true;
            }
        }
        WorkOrderEvent::Reopened { deadlines, .. } => {
            item.open = true;
            reopened(state, job, happening.occurred_at, *deadlines)?;
        }
        WorkOrderEvent::Created { .. }
        | WorkOrderEvent::EstimateRequested { .. }
        | WorkOrderEvent::Estimated { .. }
        | WorkOrderEvent::Scheduled { .. }
        | WorkOrderEvent::Paused { .. }
        | WorkOrderEvent::Billed { .. }
        | WorkOrderEvent::SlaBreached { .. } => {}
    }
    Ok(())
}

fn begins(state: &mut State, happening: &Happening<'_>, item: Item, deadlines: Deadlines) {
    let job = episode(1, item.property, item.priority, happening.occurred_at, deadlines);
    state.jobs.insert(happening.key(), job);
    state.items.insert(happening.key(), item);
}

const fn episode(number: i32, property: Uuid, priority: Priority, opened_at: DateTime<Utc>, deadlines: Deadlines) -> Job {
    Job {
        episode: number,
        property,
        priority,
        opened_at,
        deadlines,
        responded_at: None,
        resolved_at: None,
        dropped: false,
    }
}

/// The end of the work; one that was never assigned is answered by it too.
fn resolved(state: &mut State, job: Key, at: DateTime<Utc>) -> Result<(), Unknown> {
    let job = known_job(state, job)?;
    job.responded_at.get_or_insert(at);
    job.resolved_at.get_or_insert(at);
    Ok(())
}

/// A job whose work had ended begins a new episode; one whose work goes on doesn't.
fn reopened(state: &mut State, key: Key, at: DateTime<Utc>, deadlines: Deadlines) -> Result<(), Unknown> {
    let job = known_job(state, key)?;
    if job.resolved_at.is_none() && !job.dropped {
        return Ok(());
    }
    let next = episode(job.episode + 1, job.property, job.priority, at, deadlines);
    let ended = std::mem::replace(job, next);
    state.ended.push((key, ended));
    Ok(())
}

fn known_unit(state: &mut State, key: Key) -> Result<&mut Unit, Unknown> {
    state.units.get_mut(&key).ok_or(Unknown { what: "unit", id: key.1 })
}

fn known_lease(state: &mut State, key: Key) -> Result<&mut Lease, Unknown> {
    state.leases.get_mut(&key).ok_or(Unknown { what: "lease", id: key.1 })
}

fn known_charge(state: &mut State, key: Key) -> Result<&mut Charge, Unknown> {
    state.charges.get_mut(&key).ok_or(Unknown { what: "charge", id: key.1 })
}

fn known_item(state: &mut State, key: Key) -> Result<&mut Item, Unknown> {
    state.items.get_mut(&key).ok_or(Unknown { what: "request or work order", id: key.1 })
}

fn known_job(state: &mut State, key: Key) -> Result<&mut Job, Unknown> {
    state.jobs.get_mut(&key).ok_or(Unknown { what: "job", id: key.1 })
}
