//! What a lease and its account change.

use chrono::NaiveDate;
use domain::lease::{ChargeKind, CreditTarget, LeaseEvent};
use uuid::Uuid;

use super::{
    super::state::{Charge, Due, Key, Lease, State},
    Happening, Unknown,
};

pub(super) fn lease(state: &mut State, happening: &Happening<'_>, event: &LeaseEvent) -> Result<(), Unknown> {
    let key = happening.key();
    match event {
        LeaseEvent::Created { property, unit, terms } => {
            let lease = Lease {
                property: property.0,
                unit: unit.0,
                residents: terms.residents.iter().map(|resident| resident.0).collect(),
                rents: vec![(terms.term.from, terms.rent.minor)],
                activated_on: None,
                open: 0,
                oldest: None,
                latest: None,
                earlier: 0,
            };
            state.leases.insert(key, lease);
        }
        LeaseEvent::Amended { terms } => {
            let lease = known_lease(state, key)?;
            lease.residents = terms.residents.iter().map(|resident| resident.0).collect();
            lease.rents = vec![(terms.term.from, terms.rent.minor)];
        }
        LeaseEvent::Activated { on, .. } => {
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
        state.moves(organization, lease.property, day, |sums| {
            sums.contract_rent += count * change;
        });
    }
}

/// What a lease's account says.
fn account(state: &mut State, key: Key, event: &LeaseEvent) -> Result<(), Unknown> {
    match event {
        LeaseEvent::ChargePosted {
            charge,
            kind,
            amount,
            due_on,
            ..
        } => owed(state, key, charge.0, *kind, (amount.minor, *due_on)),
        LeaseEvent::LateFeeAssessed {
            charge, amount, day, ..
        } => owed(state, key, charge.0, ChargeKind::LateFee, (amount.minor, *day)),
        LeaseEvent::Opened {
            charge: Some(opening), ..
        } => owed(
            state,
            key,
            opening.charge.0,
            ChargeKind::Opening,
            (opening.amount.minor, opening.due_on),
        ),
        LeaseEvent::ChargeWaived { charge, amount, .. } | LeaseEvent::ConcessionGranted { charge, amount, .. } => {
            reduced(state, (key.0, charge.0), amount.minor, true)
        }
        LeaseEvent::ChargeWrittenOff { charge, amount, .. } => reduced(state, (key.0, charge.0), amount.minor, false),
        LeaseEvent::CreditApplied {
            target: CreditTarget::Charge { charge, .. },
            amount,
            ..
        } => collected(state, (key.0, charge.0), amount.minor),
        LeaseEvent::CreditUnapplied {
            target: CreditTarget::Charge { charge, .. },
            amount,
            ..
        } => collected(state, (key.0, charge.0), -amount.minor),
        LeaseEvent::CreditApplied {
            target: CreditTarget::Deposit { .. },
            ..
        }
        | LeaseEvent::CreditUnapplied {
            target: CreditTarget::Deposit { .. },
            ..
        }
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
    let more = Due {
        charged: amount,
        open: amount,
        ..Due::default()
    };
    owes(state, lease, due_on, more)
}

/// A charge is less than it was: what is waived was never charged, what is written off was.
fn reduced(state: &mut State, charge: Key, amount: i64, waived: bool) -> Result<(), Unknown> {
    let row = known_charge(state, charge)?;
    row.open -= amount;
    let (lease, due_on) = ((charge.0, row.lease), row.due_on);
    let more = Due {
        charged: if waived { -amount } else { 0 },
        open: -amount,
        ..Due::default()
    };
    owes(state, lease, due_on, more)
}

fn collected(state: &mut State, charge: Key, amount: i64) -> Result<(), Unknown> {
    let row = known_charge(state, charge)?;
    row.open -= amount;
    let (lease, due_on) = ((charge.0, row.lease), row.due_on);
    let more = Due {
        collected: amount,
        rent_collected: if row.rent { amount } else { 0 },
        open: -amount,
        ..Due::default()
    };
    owes(state, lease, due_on, more)
}

/// Changes the sums of a due date, and what the lease has open and when that was due.
fn owes(state: &mut State, lease: Key, due_on: NaiveDate, change: Due) -> Result<(), Unknown> {
    let debts = state.debts.entry(lease).or_default();
    let debt = debts.entry(due_on).or_default();
    *debt += change.open;
    if *debt == 0 {
        debts.remove(&due_on);
    }
    let oldest = debts.keys().next().copied();
    let (latest, at_last) = debts
        .last_key_value()
        .map_or((None, 0), |(day, debt)| (Some(*day), *debt));
    let row = known_lease(state, lease)?;
    row.open += change.open;
    (row.latest, row.earlier) = (latest, row.open - at_last);
    let property = row.property;
    let before = std::mem::replace(&mut row.oldest, oldest);
    state.owes(lease.0, property, due_on, change);
    if before != oldest {
        let one = |day: Option<NaiveDate>, leases| day.map(|day| (day, leases));
        for (day, leases) in one(before, -1).into_iter().chain(one(oldest, 1)) {
            let change = Due {
                leases,
                ..Due::default()
            };
            state.owes(lease.0, property, day, change);
        }
    }
    Ok(())
}

fn known_lease(state: &mut State, key: Key) -> Result<&mut Lease, Unknown> {
    state.leases.get_mut(&key).ok_or(Unknown {
        what: "lease",
        id: key.1,
    })
}

fn known_charge(state: &mut State, key: Key) -> Result<&mut Charge, Unknown> {
    state.charges.get_mut(&key).ok_or(Unknown {
        what: "charge",
        id: key.1,
    })
}
