//! The account of a lease: what is owed on it, what is in its favour, and what was paid with what.
//!
//! Invariants: of each charge `open = amount - waived - conceded - written off - applied`, never below zero; of each credit
//! `free + applied = credited - withdrawn`, and only what a bank takes back makes `free` negative; the parts of a charge's
//! tax sum to it; at the end of every day, by the dates from which things count, no more is paid than was owed.

mod decisions;
mod entries;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use decisions::{AccountRefusal, NewCharge, Reduction};
pub use entries::Entries;

use super::{ChargeKind, CreditSource, CreditTarget, LateFeePart, LeaseEvent};
use crate::{
    ids::{ChargeId, CreditId, RecurringId},
    money::Money,
    settings::AllocationClass,
    span::Span,
};

/// What is owed, and what is in the residents' favour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    charges: Vec<Charge>,
    credits: Vec<Credit>,
    opened_as_of: Option<NaiveDate>,
}

/// One amount that is or was owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// Its id.
    pub id: ChargeId,
    /// What for.
    pub kind: ChargeKind,
    /// How much was charged, tax included.
    pub amount: Money,
    /// The tax in it.
    pub tax: Option<Money>,
    /// How much of it is unpaid now.
    pub open: Money,
    /// When it is due.
    pub due_on: NaiveDate,
    /// The days it is for.
    pub period: Option<Span>,
    /// The recurring charge it comes from.
    pub recurring: Option<RecurringId>,
    /// What it is a fee for, if it is a late fee.
    pub late_fee: Option<LateFee>,
    /// The tax in what is unpaid now.
    open_tax: Money,
    /// By how much, and from which day, what is open changed after it was charged.
    changes: Vec<(NaiveDate, i64)>,
}

/// What a late fee is for. No two fees of a lease are for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateFee {
    /// The due date of the rental period.
    pub period: NaiveDate,
    /// The part of the policy.
    pub part: LateFeePart,
    /// The day it is for.
    pub day: NaiveDate,
}

/// Money in the residents' favour, from one receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// Its id.
    pub id: CreditId,
    /// Where it came from.
    pub source: CreditSource,
    /// How much of it is not used; below zero what the bank took back after it had been refunded.
    pub free: Money,
    /// The day of the receipt.
    pub received_on: NaiveDate,
    /// What it pays now.
    pub applications: Vec<Application>,
    /// The last day on which something it had paid gave it back.
    freed_on: Option<NaiveDate>,
}

/// What a credit pays of one charge or deposit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// The charge or deposit.
    pub target: CreditTarget,
    /// How much, tax included.
    pub amount: Money,
    /// The tax in it.
    pub tax: Money,
    /// The last day from which part of it counts.
    pub on: NaiveDate,
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
        match event {
            LeaseEvent::ChargePosted {
                charge,
                kind,
                amount,
                tax,
                due_on,
                period,
                recurring,
                ..
            } => self.charges.push(Charge {
                tax: *tax,
                open_tax: or_zero(*tax, *amount),
                period: *period,
                recurring: *recurring,
                ..Charge::new(*charge, *kind, *amount, *due_on)
            }),
            LeaseEvent::LateFeeAssessed {
                charge,
                period,
                part,
                day,
                amount,
            } => self.charges.push(Charge {
                late_fee: Some(LateFee {
                    period: *period,
                    part: *part,
                    day: *day,
                }),
                ..Charge::new(*charge, ChargeKind::LateFee, *amount, *day)
            }),
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
            } => self.change(*charge, -amount.minor, -or_zero(*tax, *amount).minor, *on),
            LeaseEvent::Credited {
                credit,
                source,
                amount,
                received_on,
            } => self.credits.push(Credit::new(*credit, *source, *amount, *received_on)),
            LeaseEvent::CreditApplied {
                credit,
                target,
                amount,
                tax,
                on,
            } => self.apply_credit(*credit, *target, (*amount, or_zero(*tax, *amount)), *on),
            LeaseEvent::CreditUnapplied {
                credit,
                target,
                amount,
                tax,
                on,
            } => self.unapply_credit(*credit, target, (*amount, or_zero(*tax, *amount)), *on),
            LeaseEvent::CreditWithdrawn { credit, amount, .. } => {
                if let Some(credit) = self.credit_mut(*credit) {
                    add(&mut credit.free, -amount.minor);
                }
            }
            LeaseEvent::Opened { as_of, charge, credit } => {
                self.opened_as_of = Some(*as_of);
                self.charges.extend(
                    charge
                        .iter()
                        .map(|taken| Charge::new(taken.charge, ChargeKind::Opening, taken.amount, taken.due_on)),
                );
                self.credits.extend(
                    credit
                        .iter()
                        .map(|taken| Credit::new(taken.credit, CreditSource::Opening, taken.amount, *as_of)),
                );
            }
            LeaseEvent::Created { .. }
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
            | LeaseEvent::DepositAdded { .. } => {}
        }
    }

    fn apply_credit(&mut self, id: CreditId, target: CreditTarget, (amount, tax): (Money, Money), on: NaiveDate) {
        if let Some(credit) = self.credit_mut(id) {
            add(&mut credit.free, -amount.minor);
            match credit.applications.iter_mut().find(|known| known.target == target) {
                Some(known) => {
                    add(&mut known.amount, amount.minor);
                    add(&mut known.tax, tax.minor);
                    known.on = known.on.max(on);
                }
                None => credit.applications.push(Application {
                    target,
                    amount,
                    tax,
                    on,
                }),
            }
        }
        if let CreditTarget::Charge { charge, .. } = target {
            self.change(charge, -amount.minor, -tax.minor, on);
        }
    }

    fn unapply_credit(&mut self, id: CreditId, target: &CreditTarget, (amount, tax): (Money, Money), on: NaiveDate) {
        if let Some(credit) = self.credit_mut(id) {
            add(&mut credit.free, amount.minor);
            credit.freed_on = credit.freed_on.max(Some(on));
            if let Some(known) = credit.applications.iter_mut().find(|known| known.target == *target) {
                add(&mut known.amount, -amount.minor);
                add(&mut known.tax, -tax.minor);
            }
            credit.applications.retain(|application| !application.amount.is_zero());
        }
        if let CreditTarget::Charge { charge, .. } = target {
            self.change(*charge, amount.minor, tax.minor, on);
        }
    }

    fn change(&mut self, id: ChargeId, by: i64, tax: i64, on: NaiveDate) {
        if let Some(charge) = self.charges.iter_mut().rfind(|charge| charge.id == id) {
            add(&mut charge.open, by);
            add(&mut charge.open_tax, tax);
            charge.changes.push((on, by));
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

impl Charge {
    fn new(id: ChargeId, kind: ChargeKind, amount: Money, due_on: NaiveDate) -> Self {
        Self {
            id,
            kind,
            amount,
            tax: None,
            open: amount,
            due_on,
            period: None,
            recurring: None,
            late_fee: None,
            open_tax: Money::zero(amount.currency),
            changes: Vec::new(),
        }
    }

    /// What of it was unpaid when a day was over, by the dates from which things count: a receipt dated that day has
    /// paid it. In minor units; nothing before its due date.
    #[must_use]
    pub fn unpaid_at_end_of(&self, day: NaiveDate) -> i64 {
        if day < self.due_on {
            return 0;
        }
        self.changes
            .iter()
            .filter(|(on, _)| *on <= day)
            .fold(self.amount.minor, |sum, (_, by)| sum.saturating_add(*by))
    }

    /// The first of the unbroken run of days, up to and with a given one, at whose ends it was unpaid: its due date, or the
    /// day on which something that had paid it was taken back. `None` if it was paid when the given day was over.
    #[must_use]
    pub fn unpaid_since(&self, day: NaiveDate) -> Option<NaiveDate> {
        if self.unpaid_at_end_of(day) <= 0 {
            return None;
        }
        let reopened = self
            .changes
            .iter()
            .map(|(on, _)| *on)
            .filter(|on| self.due_on < *on && *on <= day)
            .filter(|on| on.pred_opt().is_some_and(|before| self.unpaid_at_end_of(before) <= 0))
            .max();
        Some(reopened.unwrap_or(self.due_on))
    }

    /// What a receipt pays before what.
    #[must_use]
    pub fn class(&self) -> AllocationClass {
        match self.kind {
            ChargeKind::Rent => AllocationClass::Rent,
            ChargeKind::Parking | ChargeKind::Pet | ChargeKind::Storage => AllocationClass::Recurring,
            ChargeKind::Opening => AllocationClass::Opening,
            ChargeKind::Damage => AllocationClass::Damage,
            ChargeKind::NsfFee => AllocationClass::NsfFee,
            ChargeKind::LateFee => AllocationClass::LateFee,
            ChargeKind::Utilities | ChargeKind::Other if self.recurring.is_some() => AllocationClass::Recurring,
            ChargeKind::Utilities | ChargeKind::Other => AllocationClass::OtherCharge,
        }
    }

    /// The first day, not before the one wished for, from which a payment or reduction can count: on every later day at
    /// least what is open now is unpaid.
    fn reducible_from(&self, wished: NaiveDate) -> NaiveDate {
        self.changes
            .iter()
            .filter(|(_, by)| *by > 0)
            .map(|(on, _)| *on)
            .fold(self.due_on.max(wished), NaiveDate::max)
    }
}

impl CreditTarget {
    /// The charge, if it is one.
    #[must_use]
    pub fn charge(self) -> Option<ChargeId> {
        match self {
            Self::Charge { charge, .. } => Some(charge),
            Self::Deposit { .. } => None,
        }
    }
}

impl Credit {
    fn new(id: CreditId, source: CreditSource, amount: Money, received_on: NaiveDate) -> Self {
        Self {
            id,
            source,
            free: amount,
            received_on,
            applications: Vec::new(),
            freed_on: None,
        }
    }

    /// The first day from which all that is free now can be used.
    fn usable_from(&self) -> NaiveDate {
        self.freed_on
            .map_or(self.received_on, |freed| freed.max(self.received_on))
    }
}
