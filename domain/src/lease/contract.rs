//! What was agreed in a lease, as its facts have left it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{ChargeKind, LeaseEvent, Terms};
use crate::{
    ids::{PropertyId, RecurringId, ResidentId, UnitId},
    lease::schedule,
    money::Money,
    span::Span,
};

/// How far a lease has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not signed.
    Draft,
    /// Signed, not begun.
    Signed,
    /// In force for its term.
    Active,
    /// In force from month to month.
    MonthToMonth,
    /// In force until a day that was announced.
    OnNotice,
    /// Over; the account is not settled.
    Ended,
    /// Over, nothing owed.
    Settled,
    /// Never came into force.
    Voided,
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Draft => "a draft",
            Self::Signed => "signed",
            Self::Active => "active",
            Self::MonthToMonth => "from month to month",
            Self::OnNotice => "on notice",
            Self::Ended => "ended",
            Self::Settled => "settled",
            Self::Voided => "voided",
        })
    }
}

/// What was agreed, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// The property of the unit.
    pub property: PropertyId,
    /// The unit.
    pub unit: UnitId,
    /// How far it has come.
    pub status: Status,
    /// Who rents.
    pub residents: Vec<ResidentId>,
    /// The days of the lease; its end moves when it is renewed, rolls over, or notice is given.
    pub term: Span,
    /// The day of the month on which rent is due.
    pub due_day: u8,
    /// The rent at first.
    pub rent: Rent,
    /// The rents after it, by the day each begins.
    pub rent_changes: Vec<Rent>,
    /// What is charged beside the rent.
    pub recurring: Vec<Recurring>,
    /// The first day that is charged for, once it is in force.
    pub charged_from: Option<NaiveDate>,
    /// The end that was announced as coming.
    pub announced: Option<NaiveDate>,
}

/// The rent from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rent {
    /// The first day it is charged for.
    pub from: NaiveDate,
    /// For a whole month, without its tax.
    pub amount: Money,
    /// The tax on it, on top.
    pub tax: Option<Money>,
}

/// What is charged every month beside the rent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurring {
    /// Its id.
    pub id: RecurringId,
    /// What for.
    pub kind: ChargeKind,
    /// In the words of the lease.
    pub description: String,
    /// For a whole month, tax included.
    pub amount: Money,
    /// The tax in it.
    pub tax: Option<Money>,
    /// The days it is charged for.
    pub days: Span,
}

impl Contract {
    pub(super) fn draft(property: PropertyId, unit: UnitId, terms: Terms) -> Self {
        Self {
            property,
            unit,
            status: Status::Draft,
            rent: Rent {
                from: terms.term.from,
                amount: terms.rent,
                tax: terms.rent_tax,
            },
            residents: terms.residents,
            term: terms.term,
            due_day: terms.due_day,
            rent_changes: vec![],
            recurring: vec![],
            charged_from: None,
            announced: None,
        }
    }

    /// The terms as they were drafted.
    pub(super) fn terms(&self) -> Terms {
        Terms {
            residents: self.residents.clone(),
            term: self.term,
            rent: self.rent.amount,
            rent_tax: self.rent.tax,
            due_day: self.due_day,
        }
    }

    /// True while it is in force: the residents live there and owe rent.
    #[must_use]
    pub fn in_force(&self) -> bool {
        matches!(self.status, Status::Active | Status::MonthToMonth | Status::OnNotice)
    }

    /// The rent that is charged for a day.
    #[must_use]
    pub fn rent_on(&self, day: NaiveDate) -> Rent {
        let in_force = self.rent_changes.iter().rev().find(|rent| rent.from <= day);
        *in_force.unwrap_or(&self.rent)
    }

    /// Takes a fact into account. What is about the account only changes nothing here.
    pub(super) fn evolve(&mut self, event: &LeaseEvent) {
        match event {
            LeaseEvent::Amended { terms } => {
                let recurring = std::mem::take(&mut self.recurring);
                *self = Self {
                    recurring,
                    ..Self::draft(self.property, self.unit, terms.clone())
                };
            }
            LeaseEvent::RecurringChargeAdded {
                recurring,
                kind,
                description,
                amount,
                tax,
                from,
            } => self.recurring.push(Recurring {
                id: *recurring,
                kind: *kind,
                description: description.clone(),
                amount: *amount,
                tax: *tax,
                days: Span::open(*from),
            }),
            LeaseEvent::RecurringChargeEnded { recurring, on } => {
                for ended in self.recurring.iter_mut().filter(|known| known.id == *recurring) {
                    ended.days.to = Some(*on);
                }
            }
            LeaseEvent::Signed { .. } => self.status = Status::Signed,
            LeaseEvent::Activated { charged_from, .. } => {
                self.charged_from = Some(*charged_from);
                self.status = Status::Active;
            }
            LeaseEvent::RentChanged { rent, rent_tax, from } => self.set_rent(Rent {
                from: *from,
                amount: *rent,
                tax: *rent_tax,
            }),
            LeaseEvent::Renewed {
                from,
                to,
                rent,
                rent_tax,
            } => {
                self.rent_changes.retain(|change| change.from < *from);
                self.set_rent(Rent {
                    from: *from,
                    amount: *rent,
                    tax: *rent_tax,
                });
                self.term.to = *to;
                self.status = Status::Active;
            }
            LeaseEvent::RolledOver { .. } => {
                self.term.to = None;
                self.status = Status::MonthToMonth;
            }
            LeaseEvent::NoticeGiven { ends, .. } => {
                self.term.to = Some(*ends);
                self.status = Status::OnNotice;
            }
            LeaseEvent::Expiring { ends } => self.announced = Some(*ends),
            LeaseEvent::Ended { on } => {
                self.term.to = Some(*on);
                self.status = Status::Ended;
            }
            LeaseEvent::Settled => self.status = Status::Settled,
            LeaseEvent::Voided { .. } => self.status = Status::Voided,
            LeaseEvent::Opened { as_of, .. } => {
                self.charged_from = Some(schedule::next_due_date(*as_of, self.due_day));
            }
            _ => {}
        }
    }

    fn set_rent(&mut self, rent: Rent) {
        if rent.from <= self.rent.from {
            self.rent = rent;
            return;
        }
        self.rent_changes.retain(|change| change.from != rent.from);
        self.rent_changes.push(rent);
        self.rent_changes.sort_by_key(|change| change.from);
    }
}
