use std::cmp::Reverse;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::add;
use crate::{
    ids::{ChargeId, CreditId, DepositId},
    lease::{CreditSource, CreditTarget, LeaseEvent},
    money::{Money, MoneyError},
};

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
    /// What it pays now, in the order of recording; a charge or deposit may have several parts.
    pub applications: Vec<Application>,
    /// The last day on which something it had paid gave it back.
    freed_on: Option<NaiveDate>,
}

/// A part of a charge or deposit that a credit pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// The charge or deposit.
    pub target: CreditTarget,
    /// How much, tax included.
    pub amount: Money,
    /// The tax in it.
    pub tax: Money,
    /// The day from which it counts.
    pub on: NaiveDate,
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

    /// The deposit, if it is one.
    #[must_use]
    pub fn deposit(self) -> Option<DepositId> {
        match self {
            Self::Deposit { deposit } => Some(deposit),
            Self::Charge { .. } => None,
        }
    }
}

impl Credit {
    /// The credit that a fact makes, if it makes one.
    pub(super) fn of(event: &LeaseEvent) -> Option<Self> {
        match event {
            LeaseEvent::Credited {
                credit,
                source,
                amount,
                received_on,
            } => Some(Self::new(*credit, *source, *amount, *received_on)),
            LeaseEvent::Opened { as_of, credit, .. } => credit
                .as_ref()
                .map(|taken| Self::new(taken.credit, CreditSource::Opening, taken.amount, *as_of)),
            _ => None,
        }
    }

    /// Takes into account that it paid something.
    pub(super) fn pay(&mut self, target: CreditTarget, (amount, tax): (Money, Money), on: NaiveDate) {
        add(&mut self.free, -amount.minor);
        self.applications.push(Application {
            target,
            amount,
            tax,
            on,
        });
    }

    /// Takes into account that what it had paid gave it back.
    pub(super) fn take_back(&mut self, target: CreditTarget, (amount, tax): (Money, Money), on: NaiveDate) {
        add(&mut self.free, amount.minor);
        self.freed_on = self.freed_on.max(Some(on));
        if let Some(known) = self
            .applications
            .iter_mut()
            .filter(|known| known.target == target)
            .max_by_key(|known| known.on)
        {
            add(&mut known.amount, -amount.minor);
            add(&mut known.tax, -tax.minor);
        }
        self.applications.retain(|application| !application.amount.is_zero());
    }

    /// What it pays now: each charge or deposit once, with all that it pays of it.
    ///
    /// # Errors
    /// Refuses amounts that can't be reckoned with.
    pub fn pays(&self) -> Result<Vec<(CreditTarget, Money)>, MoneyError> {
        let mut sums: Vec<(CreditTarget, Money)> = Vec::new();
        for part in &self.applications {
            match sums.iter_mut().find(|(target, _)| *target == part.target) {
                Some((_, sum)) => *sum = sum.plus(part.amount)?,
                None => sums.push((part.target, part.amount)),
            }
        }
        Ok(sums)
    }

    /// What it pays of a target now: the parts, the one that counts from the latest day first, as they are taken back.
    pub(super) fn applied_to(&self, target: CreditTarget) -> Vec<Application> {
        let mut parts: Vec<_> = self
            .applications
            .iter()
            .filter(|application| application.target == target)
            .copied()
            .collect();
        // Of one day the last first: what `max_by_key` finds.
        parts.reverse();
        parts.sort_by_key(|application| Reverse(application.on));
        parts
    }

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
    #[must_use]
    pub fn usable_from(&self) -> NaiveDate {
        self.freed_on
            .map_or(self.received_on, |freed| freed.max(self.received_on))
    }
}
