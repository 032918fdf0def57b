use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{add, or_zero};
use crate::{
    ids::{ChargeId, RecurringId},
    lease::{ChargeKind, LateFeePart, LeaseEvent},
    money::Money,
    settings::AllocationClass,
    span::Span,
};

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
    pub(super) open_tax: Money,
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

impl Charge {
    /// The charge that a fact makes, if it makes one.
    pub(super) fn of(event: &LeaseEvent) -> Option<Self> {
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
            } => Some(Self {
                tax: *tax,
                open_tax: or_zero(*tax, *amount),
                period: *period,
                recurring: *recurring,
                ..Self::new(*charge, *kind, *amount, *due_on)
            }),
            LeaseEvent::LateFeeAssessed {
                charge,
                period,
                part,
                day,
                amount,
            } => Some(Self {
                late_fee: Some(LateFee {
                    period: *period,
                    part: *part,
                    day: *day,
                }),
                ..Self::new(*charge, ChargeKind::LateFee, *amount, *day)
            }),
            LeaseEvent::Opened { charge, .. } => charge
                .as_ref()
                .map(|taken| Self::new(taken.charge, ChargeKind::Opening, taken.amount, taken.due_on)),
            _ => None,
        }
    }

    /// Takes into account that it became less, or more again.
    pub(super) fn change(&mut self, (open, tax): (i64, i64), on: NaiveDate) {
        add(&mut self.open, open);
        add(&mut self.open_tax, tax);
        self.changes.push((on, open));
    }

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
    pub(super) fn reducible_from(&self, wished: NaiveDate) -> NaiveDate {
        self.changes
            .iter()
            .filter(|(_, by)| *by > 0)
            .map(|(on, _)| *on)
            .fold(self.due_on.max(wished), NaiveDate::max)
    }
}
