//! The account of a lease: what is owed on it, what is in its favour, and what was paid with what.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{ChargeKind, CreditTarget, LateFeePart, LeaseEvent};
use crate::{
    ids::{ChargeId, CreditId, RecurringId},
    money::Money,
    span::Span,
};

/// What is owed, and what is in the residents' favour.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    charges: Vec<Charge>,
    credits: Vec<Credit>,
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
    /// How much of it is not used.
    pub free: Money,
    /// The day of the receipt.
    pub received_on: NaiveDate,
}

impl Account {
    /// Every charge, in the order in which they were recorded.
    pub fn charges(&self) -> impl Iterator<Item = &Charge> {
        self.charges.iter()
    }

    /// What is owed less what is in the residents' favour, in minor units.
    #[must_use]
    pub fn balance(&self) -> i64 {
        let owed = self
            .charges
            .iter()
            .fold(0_i64, |sum, charge| sum.saturating_add(charge.open.minor));
        self.credits
            .iter()
            .fold(owed, |sum, credit| sum.saturating_sub(credit.free.minor))
    }

    /// Takes a fact of the lease into account.
    pub(super) fn apply(&mut self, event: &LeaseEvent) {
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
            LeaseEvent::ChargeWaived { charge, amount, on, .. }
            | LeaseEvent::ChargeWrittenOff { charge, amount, on, .. }
            | LeaseEvent::ConcessionGranted { charge, amount, on, .. } => self.change(*charge, *on, -amount.minor),
            LeaseEvent::Credited {
                credit,
                amount,
                received_on,
                ..
            } => self.credits.push(Credit {
                id: *credit,
                free: *amount,
                received_on: *received_on,
            }),
            LeaseEvent::CreditApplied {
                credit,
                target,
                amount,
                on,
                ..
            } => self.use_credit(*credit, target, amount.minor, *on),
            LeaseEvent::CreditUnapplied {
                credit,
                target,
                amount,
                on,
                ..
            } => self.use_credit(*credit, target, -amount.minor, *on),
            LeaseEvent::CreditWithdrawn { credit, amount, .. } => self.take(*credit, amount.minor),
            LeaseEvent::Opened { as_of, charge, credit } => {
                if let Some(opening) = charge {
                    let kind = ChargeKind::Opening;
                    let charge = Charge::new(opening.charge, kind, opening.amount, opening.due_on);
                    self.charges.push(charge);
                }
                if let Some(opening) = credit {
                    self.credits.push(Credit {
                        id: opening.credit,
                        free: opening.amount,
                        received_on: *as_of,
                    });
                }
            }
            _ => {}
        }
    }

    fn use_credit(&mut self, credit: CreditId, target: &CreditTarget, amount: i64, on: NaiveDate) {
        self.take(credit, amount);
        if let CreditTarget::Charge { charge, .. } = target {
            self.change(*charge, on, -amount);
        }
    }

    fn take(&mut self, credit: CreditId, amount: i64) {
        if let Some(credit) = self.credits.iter_mut().find(|known| known.id == credit) {
            credit.free.minor = credit.free.minor.saturating_sub(amount);
        }
    }

    fn change(&mut self, charge: ChargeId, on: NaiveDate, by: i64) {
        if let Some(charge) = self.charges.iter_mut().find(|known| known.id == charge) {
            charge.open.minor = charge.open.minor.saturating_add(by);
            charge.changes.push((on, by));
        }
    }
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
}
