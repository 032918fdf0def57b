//! A property: a building or a group of them under one address.
//!
//! Invariants: no two of its units go by one number; once it left management it takes no units, and none of them is rented.

mod events;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

pub use events::*;

use crate::{
    Refusal,
    context::Context,
    ids::{LeaseId, PropertyId, UnitId},
    input,
    input::InputRefusal,
};

/// What can be asked of a property.
#[derive(Debug, Clone, Serialize)]
pub enum PropertyCommand {
    /// Take it under management.
    Create {
        /// What is known of it.
        details: PropertyDetails,
    },
    /// Record what is known of it from now on.
    Update {
        /// All of it.
        details: PropertyDetails,
    },
    /// Let it go. Whether its units allow that is for [`offboard_property`](crate::decisions::offboard_property).
    Offboard {
        /// Why.
        reason: String,
    },
}

refusals! {
    /// Why a property refused.
    pub enum PropertyRefusal {
        Absent "property-absent" => Absent: "there is no such property",
        State "property-exists" => Exists: "the property exists already",
        State "property-unchanged" => Unchanged: "the property is recorded with exactly these details already",
        State "property-offboarded" => Offboarded { on: NaiveDate }: "the property left management on {on}",
        State "property-unit-number-taken" => NumberTaken { number: String, unit: UnitId }:
            "unit {unit} of the property goes by the number {number} already",
        State "property-unit-in-use" => UnitInUse { unit: UnitId, lease: LeaseId }:
            "unit {unit} of the property is leased or occupied under lease {lease}",
    }
}

/// What a decision about a property reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    details: Option<PropertyDetails>,
    offboarded: Option<NaiveDate>,
    units: BTreeMap<UnitId, String>,
}

impl Property {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses what the invariants above forbid, and to change nothing.
    pub fn decide(&self, command: PropertyCommand, context: &Context) -> Result<Vec<PropertyEvent>, Refusal> {
        let event = match command {
            PropertyCommand::Create { details } => {
                if self.details.is_some() {
                    return Err(PropertyRefusal::Exists.into());
                }
                check(&details, context)?;
                PropertyEvent::Created { details }
            }
            PropertyCommand::Update { details } => {
                self.must_be_managed()?;
                check(&details, context)?;
                if self.details.as_ref() == Some(&details) {
                    return Err(PropertyRefusal::Unchanged.into());
                }
                PropertyEvent::Updated { details }
            }
            PropertyCommand::Offboard { reason } => {
                self.must_be_managed()?;
                input::line("reason", &reason)?;
                PropertyEvent::Offboarded {
                    on: context.effective_on,
                    reason,
                }
            }
        };
        Ok(vec![event])
    }

    /// A unit takes a number: its part of a unit's creation and change. The number that it has gives no event.
    ///
    /// # Errors
    /// Refuses a number that another unit has, and a property that is absent or left management.
    pub fn number_unit(&self, unit: UnitId, number: &str) -> Result<Vec<PropertyEvent>, PropertyRefusal> {
        self.must_be_managed()?;
        let number = number.trim();
        match self.units.iter().find(|(_, taken)| *taken == number) {
            Some((present, _)) if *present == unit => Ok(vec![]),
            Some((present, _)) => Err(PropertyRefusal::NumberTaken {
                number: number.to_owned(),
                unit: *present,
            }),
            None => Ok(vec![PropertyEvent::UnitNumbered {
                unit,
                number: number.to_owned(),
            }]),
        }
    }

    /// A guard: there is such a property, and it is managed here.
    ///
    /// # Errors
    /// Refuses a property that was never created, or left.
    pub fn must_be_managed(&self) -> Result<(), PropertyRefusal> {
        match (&self.details, self.offboarded) {
            (None, _) => Err(PropertyRefusal::Absent),
            (Some(_), Some(on)) => Err(PropertyRefusal::Offboarded { on }),
            (Some(_), None) => Ok(()),
        }
    }

    /// All its units, by id.
    pub fn units(&self) -> impl Iterator<Item = UnitId> {
        self.units.keys().copied()
    }

    fn evolve(&mut self, event: PropertyEvent) {
        match event {
            PropertyEvent::Created { details } | PropertyEvent::Updated { details } => self.details = Some(details),
            PropertyEvent::UnitNumbered { unit, number } => {
                self.units.insert(unit, number);
            }
            PropertyEvent::Offboarded { on, .. } => self.offboarded = Some(on),
        }
    }
}

aggregate!(Property of PropertyId, PropertyCommand gives PropertyEvent);

/// Before this year nothing that stands was built.
const OLDEST: i64 = 1000;

/// How many years ahead of its completion a property can be taken on.
const YEARS_AHEAD: i64 = 10;

fn check(details: &PropertyDetails, context: &Context) -> Result<(), Refusal> {
    let Address {
        street,
        city,
        region,
        postal_code,
        country,
    } = &details.address;
    input::line("name", &details.name)?;
    input::line("address.street", street)?;
    input::line("address.city", city)?;
    input::line("address.region", region)?;
    input::line("address.postal_code", postal_code)?;
    if country.len() != 2 || !country.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Err(InputRefusal::Malformed {
            field: "address.country",
            expected: "a country's two capital letters, such as US",
        }
        .into());
    }
    if let Some(year) = details.year_built {
        let latest = i64::from(context.effective_on.year()) + YEARS_AHEAD;
        input::number("year_built", year, OLDEST..=latest)?;
    }
    Ok(input::list("amenities", &details.amenities)?)
}

#[cfg(test)]
mod tests;
