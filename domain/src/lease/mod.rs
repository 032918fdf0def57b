//! A lease: an agreement to rent a unit, from its draft to its settlement, with its account.
//!
//! Invariants: its days are half-open; what was agreed changes by facts only; no day is charged twice; it is settled only
//! when nothing is owed either way and its deposits are disposed of.

mod account;
mod events;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use account::*;
pub use events::*;

use crate::{
    ids::{DepositId, PropertyId, RecurringId, ResidentId, UnitId},
    money::Money,
    span::Span,
};

/// What a decision about a lease reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    contract: Option<Contract>,
    account: Account,
    deposits: Vec<DepositId>,
}

/// How far a lease has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The days of the lease.
    pub term: Span,
    /// The day of the month on which rent is due.
    pub due_day: u8,
    /// The rents, by the first day each is charged for.
    pub rents: Vec<Rent>,
    /// What is charged beside the rent.
    pub recurring: Vec<Recurring>,
}

/// The rent from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rent {
    /// The first day it is charged for.
    pub from: NaiveDate,
    /// For a whole month.
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

impl Lease {
    /// What is owed and what is in the residents' favour.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The deposits that secure it.
    #[must_use]
    pub fn deposits(&self) -> &[DepositId] {
        &self.deposits
    }

    /// What was agreed; nothing before the draft.
    #[must_use]
    pub fn contract(&self) -> Option<&Contract> {
        self.contract.as_ref()
    }
}
