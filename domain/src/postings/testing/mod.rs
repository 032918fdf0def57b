//! Histories for tests: what the business of a few leases may have recorded, made from small numbers.
//!
//! The account of each lease decides what is paid with what, so the books can be held against it.

mod acts;
mod letting;

use chrono::{Days, NaiveDate};
use uuid::Uuid;

use super::Source;
use crate::{
    Refusal,
    context::Context,
    ids::{BankAccountId, DepositId, LeaseId, PaymentId},
    lease::{Account, Entries},
    money::{Currency, Money},
    registry::AnyEvent,
};

/// A number of cents.
#[must_use]
pub const fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

/// A day of a month of 2026; days beyond the month run on into the next.
///
/// # Panics
/// For a month that isn't one.
#[must_use]
#[expect(clippy::expect_used, reason = "a test that names such a month fails")]
pub fn day(month: u32, day: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, 1).expect("a month") + Days::new(day - 1)
}

/// Something that was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// Its own id.
    pub event_id: Uuid,
    /// Of which aggregate.
    pub aggregate_id: Uuid,
    /// The day on which its command took effect.
    pub effective_on: NaiveDate,
    /// What happened.
    pub event: AnyEvent,
}

impl Happened {
    /// As the books see it.
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        Source {
            event_id: self.event_id,
            aggregate_id: self.aggregate_id,
            effective_on: self.effective_on,
            event: &self.event,
        }
    }
}

/// One thing that someone did.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// What.
    pub what: u8,
    /// To what of it.
    pub pick: u16,
    /// With how much.
    pub cents: u32,
}

/// A payment that came in.
#[derive(Debug)]
struct Receipt {
    payment: PaymentId,
    amount: Money,
    banked: bool,
    over: bool,
}

/// A lease and what was done about it.
#[derive(Debug)]
struct Desk {
    lease: LeaseId,
    account: Account,
    deposit: DepositId,
    receipts: Vec<Receipt>,
}

/// A business in the making.
#[derive(Debug)]
pub struct History {
    seed: u128,
    today: NaiveDate,
    desks: Vec<Desk>,
    happened: Vec<Happened>,
    bank: BankAccountId,
}

impl History {
    /// An organization with so many leases in two properties. The seed keeps its ids apart from those of others.
    #[must_use]
    pub fn begin(seed: u64, leases: usize) -> Self {
        let mut history = Self {
            seed: u128::from(seed) << 64,
            today: day(1, 1),
            desks: Vec::new(),
            happened: Vec::new(),
            bank: BankAccountId(Uuid::nil()),
        };
        history.found();
        let properties = [history.property("Elm Court"), history.property("Oak House")];
        for number in 0..leases {
            history.rent_out(properties[number % 2], number);
        }
        history
    }

    /// Everything that was recorded, in order.
    #[must_use]
    pub fn happened(&self) -> &[Happened] {
        &self.happened
    }

    /// Each lease with its account as its own events leave it.
    pub fn accounts(&self) -> impl Iterator<Item = (LeaseId, &Account)> {
        self.desks.iter().map(|desk| (desk.lease, &desk.account))
    }

    /// Does so much of what is asked as the state of things allows.
    pub fn take(&mut self, step: Step) {
        self.today = self.today + Days::new(u64::from(step.pick % 3));
        let desk = usize::from(step.pick) % self.desks.len();
        match step.what % 13 {
            0..=2 => self.charge(desk, step),
            3 | 4 => self.receive(desk, step),
            5 => self.bank(desk),
            6 => self.unapply(desk, step),
            7 => self.use_credits(desk),
            8 => self.waive(desk, step),
            9 => self.give_up(desk, step),
            10 => self.take_back(desk, step),
            11 => self.refund(desk, step),
            _ => self.secure(desk, step),
        }
    }

    fn id(&self) -> Uuid {
        Uuid::from_u128(self.seed + (1 << 32) + self.happened.len() as u128)
    }

    fn record(&mut self, aggregate_id: impl Into<Uuid>, event: impl Into<AnyEvent>) {
        self.happened.push(Happened {
            event_id: Uuid::from_u128(self.seed + (2 << 32) + self.happened.len() as u128),
            aggregate_id: aggregate_id.into(),
            effective_on: self.today,
            event: event.into(),
        });
    }

    fn use_credits(&mut self, desk: usize) {
        self.on_account(desk, |entries| {
            entries.pay_from_credits()?;
            Ok(())
        });
    }

    /// Does something on the account of a lease; nothing if its rules refuse it.
    fn on_account<T>(&mut self, desk: usize, act: impl FnOnce(&mut Entries<'_>) -> Result<T, Refusal>) -> Option<T> {
        let context = Context::on(self.today);
        let mut entries = Entries::on(&self.desks[desk].account, &context);
        let done = act(&mut entries).ok()?;
        self.desks[desk].account = entries.account().clone();
        let lease = self.desks[desk].lease;
        for event in entries.into_events() {
            self.record(lease, event);
        }
        Some(done)
    }
}
