//! The account of a lease: what is owed on it, what is in its favour, and what was paid with what.
//!
//! Invariants: of each charge `open = amount - waived - conceded - written off - applied`, never below zero; of each credit
//! `free + applied = credited - withdrawn`, and only what a bank takes back makes `free` negative; the parts of a charge's
//! tax sum to it; at the end of every day, by the dates from which things count, no more is paid than was owed.

mod charge;
mod credit;
mod decisions;
mod entries;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use charge::{Charge, LateFee};
pub use credit::{Application, Credit};
pub use decisions::{AccountRefusal, NewCharge, Reduction};
pub use entries::Entries;

use super::LeaseEvent;
use crate::{
    ids::{ChargeId, CreditId},
    money::Money,
};

/// What is owed, and what is in the residents' favour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    charges: Vec<Charge>,
    credits: Vec<Credit>,
    opened_as_of: Option<NaiveDate>,
}

impl Account {
    /// Every charge, in the order in which they were recorded.
    pub fn charges(&self) -> impl Iterator<Item = &Charge> {
        self.charges.iter()
    }

    /// Every credit, in the order in which they were recorded.
    pub fn credits(&self) -> impl Iterator<Item = &Credit> {
        self.credits.iter()
    }

    /// A charge, if the lease has it.
    #[must_use]
    pub fn charge(&self, id: ChargeId) -> Option<&Charge> {
        self.charges.iter().rfind(|charge| charge.id == id)
    }

    /// A credit, if the lease has it.
    #[must_use]
    pub fn credit(&self, id: CreditId) -> Option<&Credit> {
        self.credits.iter().rfind(|credit| credit.id == id)
    }

    /// What is unpaid of all charges, in minor units.
    #[must_use]
    pub fn owed(&self) -> i64 {
        self.charges
            .iter()
            .fold(0, |sum, charge| sum.saturating_add(charge.open.minor))
    }

    /// What is unused of all credits, in minor units; below zero if banks took back more than is left.
    #[must_use]
    pub fn free(&self) -> i64 {
        self.credits
            .iter()
            .fold(0, |sum, credit| sum.saturating_add(credit.free.minor))
    }

    /// What is owed less what is in the residents' favour, in minor units.
    #[must_use]
    pub fn balance(&self) -> i64 {
        self.owed().saturating_sub(self.free())
    }

    /// Takes a fact of the lease into account.
    pub(in crate::lease) fn apply(&mut self, event: &LeaseEvent) {
        self.charges.extend(Charge::of(event));
        self.credits.extend(Credit::of(event));
        match event {
            LeaseEvent::ChargeWaived {
                charge,
                amount,
                tax,
                on,
                ..
            }
            | LeaseEvent::ChargeWrittenOff {
                charge,
                amount,
                tax,
                on,
                ..
            }
            | LeaseEvent::ConcessionGranted {
                charge,
                amount,
                tax,
                on,
                ..
            } => self.change(*charge, (-amount.minor, -or_zero(*tax, *amount).minor), *on),
            LeaseEvent::CreditApplied {
                credit,
                target,
                amount,
                tax,
                on,
            } => {
                let tax = or_zero(*tax, *amount);
                if let Some(credit) = self.credit_mut(*credit) {
                    credit.pay(*target, (*amount, tax), *on);
                }
                if let Some(charge) = target.charge() {
                    self.change(charge, (-amount.minor, -tax.minor), *on);
                }
            }
            LeaseEvent::CreditUnapplied {
                credit,
                target,
                amount,
                tax,
                on,
            } => {
                let tax = or_zero(*tax, *amount);
                if let Some(credit) = self.credit_mut(*credit) {
                    credit.take_back(*target, (*amount, tax), *on);
                }
                if let Some(charge) = target.charge() {
                    self.change(charge, (amount.minor, tax.minor), *on);
                }
            }
            LeaseEvent::CreditWithdrawn { credit, amount, .. } => {
                if let Some(credit) = self.credit_mut(*credit) {
                    add(&mut credit.free, -amount.minor);
                }
            }
            LeaseEvent::Opened { as_of, .. } => self.opened_as_of = Some(*as_of),
            _ => {}
        }
    }

    fn change(&mut self, id: ChargeId, by: (i64, i64), on: NaiveDate) {
        if let Some(charge) = self.charges.iter_mut().rfind(|charge| charge.id == id) {
            charge.change(by, on);
        }
    }

    fn credit_mut(&mut self, id: CreditId) -> Option<&mut Credit> {
        self.credits.iter_mut().rfind(|credit| credit.id == id)
    }
}

fn add(to: &mut Money, minor: i64) {
    to.minor = to.minor.saturating_add(minor);
}

fn or_zero(tax: Option<Money>, of: Money) -> Money {
    tax.unwrap_or(Money::zero(of.currency))
}

#[cfg(test)]
mod tests;
