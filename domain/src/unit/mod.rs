//! A unit: what a lease is about.
//!
//! Invariants: the days of two leases never overlap; a unit is occupied only under a lease that has it; a unit that is
//! offline has no lease today or later. Occupancy follows from leases: see [`leasing`](self) decisions such as
//! [`Unit::take`], which the lease's decisions call.

mod events;
mod leasing;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use events::*;
pub use leasing::Tenure;

use crate::{
    Refusal,
    context::Context,
    ids::{LeaseId, PropertyId, UnitId},
    input,
    money::Money,
    span::Span,
};

/// What can be asked of a unit.
#[derive(Debug, Clone, Serialize)]
pub enum UnitCommand {
    /// Take it under management. Whether the property takes units is for
    /// [`create_unit`](crate::decisions::create_unit).
    Create {
        /// The property it is part of.
        property: PropertyId,
        /// What is known of it.
        details: UnitDetails,
    },
    /// Record what is known of it from now on. Whether its number is free is for
    /// [`update_unit`](crate::decisions::update_unit).
    Update {
        /// All of it.
        details: UnitDetails,
    },
    /// Offer it for rent.
    List {
        /// The first day on which it is available.
        available_on: NaiveDate,
        /// The rent asked for a month.
        asking_rent: Money,
    },
    /// Declare that it can be moved into. Whether its property is still managed is for
    /// [`make_unit_ready`](crate::decisions::make_unit_ready).
    MakeReady,
    /// Take it off the market, for as long as nobody can live there.
    TakeOffline {
        /// Why.
        reason: String,
    },
}

refusals! {
    /// Why a unit refused.
    pub enum UnitRefusal {
        Absent "unit-absent" => Absent: "there is no such unit",
        State "unit-exists" => Exists: "the unit exists already",
        State "unit-unchanged" => Unchanged: "the unit is recorded with exactly these details already",
        State "unit-listed" => Listed { available_on: NaiveDate, asking_rent: Money }:
            "the unit is listed from {available_on} for {asking_rent} already",
        State "unit-ready" => Ready: "the unit is ready already",
        State "unit-offline" => Offline { reason: String }: "the unit is offline: {reason}",
        State "unit-occupied" => Occupied { lease: LeaseId }: "the unit is occupied under lease {lease}",
        State "unit-not-occupied" => NotOccupied { lease: LeaseId }: "nobody lives in the unit under lease {lease}",
        State "unit-leased" => Leased { lease: LeaseId, span: Span }: "the unit is leased from {span} under lease {lease}",
        State "unit-not-leased" => NotLeased { lease: LeaseId }: "lease {lease} has no days of the unit",
        Rule "unit-of-another-property" => OfAnotherProperty { property: PropertyId }:
            "the unit is part of property {property}",
        Rule "unit-leased-for-no-day" => NoDays { span: Span }: "a unit can't be leased from {span}: that is no day at all",
    }
}

/// Where a unit stands on its way from one lease to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitStatus {
    /// Can be moved into.
    Ready,
    /// Somebody lives there.
    Occupied,
    /// Somebody lives there, and it is certain when they leave.
    OnNotice,
    /// Is made ready after somebody left.
    Turning,
    /// Can't be rented.
    Offline,
}

/// What a decision about a unit reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    known: Option<(PropertyId, UnitDetails)>,
    condition: Condition,
    occupied_by: Option<LeaseId>,
    listed: Option<(NaiveDate, Money)>,
    tenures: Vec<Tenure>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Condition {
    #[default]
    Ready,
    Turning,
    Offline {
        reason: String,
    },
}

impl Unit {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses what the invariants above forbid, and to change nothing.
    pub fn decide(&self, command: UnitCommand, context: &Context) -> Result<Vec<UnitEvent>, Refusal> {
        let event = match command {
            UnitCommand::Create { property, details } => {
                if self.known.is_some() {
                    return Err(UnitRefusal::Exists.into());
                }
                check(&details, context)?;
                UnitEvent::Created { property, details }
            }
            UnitCommand::Update { details } => {
                check(&details, context)?;
                if *self.details()? == details {
                    return Err(UnitRefusal::Unchanged.into());
                }
                UnitEvent::Updated { details }
            }
            UnitCommand::List {
                available_on,
                asking_rent,
            } => self.list(available_on, asking_rent, context)?,
            UnitCommand::MakeReady => self.make_ready()?,
            UnitCommand::TakeOffline { reason } => {
                input::line("reason", &reason)?;
                self.take_offline(reason, context.effective_on)?
            }
        };
        Ok(vec![event])
    }

    fn list(&self, available_on: NaiveDate, asking_rent: Money, context: &Context) -> Result<UnitEvent, Refusal> {
        input::date("available_on", available_on)?;
        input::amount("asking_rent", asking_rent, context.currency())?;
        self.must_be_rentable()?;
        if let Some(tenure) = self.tenures.iter().find(|tenure| tenure.span.contains(available_on)) {
            return Err(tenure.refusal().into());
        }
        if self.listed == Some((available_on, asking_rent)) {
            return Err(UnitRefusal::Listed {
                available_on,
                asking_rent,
            }
            .into());
        }
        Ok(UnitEvent::Listed {
            available_on,
            asking_rent,
        })
    }

    fn make_ready(&self) -> Result<UnitEvent, UnitRefusal> {
        self.must_exist()?;
        if let Some(lease) = self.occupied_by {
            return Err(UnitRefusal::Occupied { lease });
        }
        if self.condition == Condition::Ready {
            return Err(UnitRefusal::Ready);
        }
        Ok(UnitEvent::MadeReady)
    }

    fn take_offline(&self, reason: String, today: NaiveDate) -> Result<UnitEvent, UnitRefusal> {
        self.must_be_rentable()?;
        self.must_be_unused_from(today)?;
        Ok(UnitEvent::TakenOffline { reason })
    }

    /// A guard: there is such a unit.
    ///
    /// # Errors
    /// Refuses a unit that was never created.
    pub fn must_exist(&self) -> Result<(), UnitRefusal> {
        self.details().map(drop)
    }

    /// A guard: there is such a unit, and it belongs to this property.
    ///
    /// # Errors
    /// Refuses a unit that was never created, and names the property of one that belongs elsewhere.
    pub fn must_be_part_of(&self, property: PropertyId) -> Result<(), UnitRefusal> {
        match self.property() {
            None => Err(UnitRefusal::Absent),
            Some(own) if own == property => Ok(()),
            Some(own) => Err(UnitRefusal::OfAnotherProperty { property: own }),
        }
    }

    /// A guard: there is such a unit, and it can be rented.
    ///
    /// # Errors
    /// Refuses a unit that was never created or is offline.
    pub fn must_be_rentable(&self) -> Result<(), UnitRefusal> {
        self.must_exist()?;
        match &self.condition {
            Condition::Offline { reason } => Err(UnitRefusal::Offline { reason: reason.clone() }),
            Condition::Ready | Condition::Turning => Ok(()),
        }
    }

    /// The property it is part of; `None` before it was created.
    #[must_use]
    pub fn property(&self) -> Option<PropertyId> {
        self.known.as_ref().map(|(property, _)| *property)
    }

    /// Where it stands; `None` before it was created.
    #[must_use]
    pub fn status(&self) -> Option<UnitStatus> {
        self.known.as_ref()?;
        Some(match (self.occupied_by, &self.condition) {
            (Some(lease), _) if self.tenure(lease).is_some_and(|tenure| tenure.on_notice) => UnitStatus::OnNotice,
            (Some(_), _) => UnitStatus::Occupied,
            (None, Condition::Ready) => UnitStatus::Ready,
            (None, Condition::Turning) => UnitStatus::Turning,
            (None, Condition::Offline { .. }) => UnitStatus::Offline,
        })
    }

    /// What is known of it.
    ///
    /// # Errors
    /// Refuses a unit that was never created.
    pub fn details(&self) -> Result<&UnitDetails, UnitRefusal> {
        self.known
            .as_ref()
            .map(|(_, details)| details)
            .ok_or(UnitRefusal::Absent)
    }

    fn evolve(&mut self, event: UnitEvent) {
        match event {
            UnitEvent::Created { property, details } => self.known = Some((property, details)),
            UnitEvent::Updated { details } => {
                if let Some((_, known)) = &mut self.known {
                    *known = details;
                }
            }
            UnitEvent::Listed {
                available_on,
                asking_rent,
            } => self.listed = Some((available_on, asking_rent)),
            UnitEvent::Leased { lease, span, on_notice } => self.set_tenure(Tenure { lease, span, on_notice }),
            UnitEvent::Released { lease } => self.tenures.retain(|tenure| tenure.lease != lease),
            UnitEvent::Occupied { lease } => {
                self.occupied_by = Some(lease);
                self.condition = Condition::Ready;
            }
            UnitEvent::Vacated { .. } => {
                self.occupied_by = None;
                self.condition = Condition::Turning;
            }
            UnitEvent::MadeReady => self.condition = Condition::Ready,
            UnitEvent::TakenOffline { reason } => {
                self.listed = None;
                self.condition = Condition::Offline { reason };
            }
        }
    }
}

aggregate!(Unit of UnitId, UnitCommand gives UnitEvent);

fn check(details: &UnitDetails, context: &Context) -> Result<(), Refusal> {
    input::line("number", &details.number)?;
    input::number("half_baths", details.half_baths, 0..=100)?;
    input::number("bedrooms", details.bedrooms, 0..=50)?;
    if let Some(area) = details.square_feet {
        input::number("square_feet", area, 1..=10_000_000)?;
    }
    input::amount_or_zero("market_rent", details.market_rent, context.currency())
}

#[cfg(test)]
mod tests;
