#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod corrections;
mod laws;
mod lease_rows;
mod money_rows;
mod worked;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    Basis, Books, Dimensions, JournalEntry, Known, Line, PostingError, Side, Source, View,
    testing::{day, usd},
};
use crate::{
    ids::{ChargeId, CreditId, DepositId, LeaseId, PaymentId, PropertyId, UnitId},
    registry::AnyEvent,
};

const LEASE: LeaseId = LeaseId(Uuid::from_u128(1));
const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(2));
const CREDIT: CreditId = CreditId(Uuid::from_u128(2));
const CHARGE: ChargeId = ChargeId(Uuid::from_u128(3));
const DEPOSIT: DepositId = DepositId(Uuid::from_u128(4));
const HOME: Dimensions = Dimensions {
    property: PropertyId(Uuid::from_u128(5)),
    unit: UnitId(Uuid::from_u128(6)),
    lease: LEASE,
};

/// Books that know one lease, and every entry they made.
struct Desk {
    books: Books,
    entries: Vec<JournalEntry>,
    events: u128,
}

impl Desk {
    fn new() -> Self {
        let mut books = Books::default();
        books.know(Known::Lease(HOME));
        Self {
            books,
            entries: Vec::new(),
            events: 0,
        }
    }

    fn try_post(
        &mut self,
        aggregate_id: impl Into<Uuid>,
        effective_on: NaiveDate,
        event: impl Into<AnyEvent>,
    ) -> Result<Vec<JournalEntry>, PostingError> {
        self.events += 1;
        let source = Source {
            event_id: Uuid::from_u128(self.events),
            aggregate_id: aggregate_id.into(),
            effective_on,
            event: &event.into(),
        };
        let entries = self.books.post(&source)?;
        self.entries.extend(entries.clone());
        Ok(entries)
    }

    fn post(
        &mut self,
        aggregate_id: impl Into<Uuid>,
        effective_on: NaiveDate,
        event: impl Into<AnyEvent>,
    ) -> Vec<JournalEntry> {
        self.try_post(aggregate_id, effective_on, event).unwrap()
    }

    /// What each account comes to in a view: debits above zero. Accounts at zero are left out.
    fn balances(&self, basis: Basis) -> BTreeMap<i16, i64> {
        balances(&self.entries, basis)
    }
}

fn balances<'a>(entries: impl IntoIterator<Item = &'a JournalEntry>, basis: Basis) -> BTreeMap<i16, i64> {
    let mut sums = BTreeMap::new();
    for line in entries.into_iter().flat_map(|entry| &entry.lines) {
        if line.view.is_in(basis) {
            *sums.entry(line.account.code()).or_default() += line.signed();
        }
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// Lines as one would write them on paper: account, view, amount with credits below zero.
fn on_paper(entry: &JournalEntry) -> Vec<(i16, View, i64)> {
    entry
        .lines
        .iter()
        .map(|line| (line.account.code(), line.view, line.signed()))
        .collect()
}

/// The accounts, views and amounts of one entry, which must be the only one.
fn only(entries: &[JournalEntry]) -> (NaiveDate, Vec<(i16, View, i64)>) {
    assert_eq!(entries.len(), 1, "{entries:#?}");
    (entries[0].effective_on, on_paper(&entries[0]))
}

fn inverse(lines: &[Line]) -> Vec<Line> {
    lines.iter().copied().map(Line::inverse).collect()
}

#[test]
fn a_line_and_its_inverse_cancel() {
    let line = Line::debit(super::Account::Rent, usd(5));
    assert_eq!(line.signed(), 5);
    assert_eq!(line.inverse().signed(), -5);
    assert_eq!(line.inverse().side, Side::Credit);
    assert_eq!(line.inverse().inverse(), line);
    assert_eq!(day(1, 32), day(2, 1));
}
