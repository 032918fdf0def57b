use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::add;
use crate::{
    ids::{ChargeId, CreditId},
    lease::{CreditSource, CreditTarget, LeaseEvent},
    money::Money,
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
        match self.applications.iter_mut().find(|known| known.target == target) {
            Some(known) => {
                add(&mut known.amount, amount.minor);
                add(&mut known.tax, tax.minor);
                known.on = known.on.max(on);
            }
            None => self.applications.push(Application {
                target,
                amount,
                tax,
                on,
            }),
        }
    }

    /// Takes into account that what it had paid gave it back.
    pub(super) fn take_back(&mut self, target: CreditTarget, (amount, tax): (Money, Money), on: NaiveDate) {
        add(&mut self.free, amount.minor);
        self.freed_on = self.freed_on.max(Some(on));
        if let Some(known) = self.applications.iter_mut().find(|known| known.target == target) {
            add(&mut known.amount, -amount.minor);
            add(&mut known.tax, -tax.minor);
        }
        self.applications.retain(|application| !application.amount.is_zero());
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
    pub(super) fn usable_from(&self) -> NaiveDate {
        self.freed_on
            .map_or(self.received_on, |freed| freed.max(self.received_on))
    }
}
