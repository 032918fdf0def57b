//! Event by event: what becomes of the rows and the sums.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{registry::AnyEvent, unit::UnitEvent};
use uuid::Uuid;

use super::state::{Key, State, Unit};

mod leases;
mod repairs;

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
        AnyEvent::Lease(event) => leases::lease(state, happening, event),
        AnyEvent::MaintenanceRequest(event) => repairs::request(state, happening, event),
        AnyEvent::WorkOrder(event) => repairs::work_order(state, happening, event),
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

fn known_unit(state: &mut State, key: Key) -> Result<&mut Unit, Unknown> {
    state.units.get_mut(&key).ok_or(Unknown {
        what: "unit",
        id: key.1,
    })
}
