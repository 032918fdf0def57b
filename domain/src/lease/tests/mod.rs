mod agreement;
mod changes;
mod charging;
mod late_fees;
mod late_receipts;
mod laws;
mod lifecycle;
mod recurring;
mod schedule;
mod taken_over;

use std::sync::Arc;

use chrono::NaiveDate;
use cqrs_es::{
    Aggregate,
    test::{AggregateTestExecutor, TestFramework},
};
use uuid::Uuid;

use super::{LeaseCommand as Command, LeaseEvent as Event, LeaseRefusal as Refusal, *};
use crate::{
    ids::{ChargeId, CreditId, PropertyId, RecurringId, ResidentId, UnitId},
    money::{Currency, Money},
    settings::Settings,
    span::Span,
};

const HOUSE: PropertyId = PropertyId(Uuid::from_u128(1));
const FLAT: UnitId = UnitId(Uuid::from_u128(2));
const ADA: ResidentId = ResidentId(Uuid::from_u128(3));
const BEN: ResidentId = ResidentId(Uuid::from_u128(4));
const GARAGE: RecurringId = RecurringId(Uuid::from_u128(5));

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn span(from: &str, to: &str) -> Span {
    Span::new(day(from), day(to))
}

/// A thousand a month, due on the first.
fn terms(term: Span) -> Terms {
    Terms {
        residents: vec![ADA],
        term,
        rent: usd(100_000),
        rent_tax: None,
        due_day: 1,
    }
}

fn created(terms: Terms) -> Event {
    Event::Created {
        property: HOUSE,
        unit: FLAT,
        terms,
    }
}

fn signed() -> Event {
    Event::Signed { on: day("2026-05-01") }
}

fn activated(on: &str) -> Event {
    Event::Activated {
        on: day(on),
        charged_from: day(on),
    }
}

/// From June 2026 to May 2027, not signed.
fn draft() -> Vec<Event> {
    vec![created(terms(span("2026-06-01", "2027-06-01")))]
}

/// The same, signed.
fn agreed() -> Vec<Event> {
    with(draft(), [signed()])
}

/// The same, in force; nothing is charged yet.
fn in_force() -> Vec<Event> {
    with(agreed(), [activated("2026-06-01")])
}

fn with(mut history: Vec<Event>, more: impl IntoIterator<Item = Event>) -> Vec<Event> {
    history.extend(more);
    history
}

fn garage(from: &str) -> Event {
    Event::RecurringChargeAdded {
        recurring: GARAGE,
        kind: ChargeKind::Parking,
        description: "Garage 4".into(),
        amount: usd(5_000),
        tax: Some(usd(400)),
        from: day(from),
    }
}

fn charge_id(n: u128) -> ChargeId {
    ChargeId(Uuid::from_u128(0x100 + n))
}

/// Rent for days, posted under an id of its own.
fn rent(n: u128, minor: i64, from: &str, to: &str) -> Event {
    Event::ChargePosted {
        charge: charge_id(n),
        kind: ChargeKind::Rent,
        description: format!("Rent for {}", span(from, to)),
        amount: usd(minor),
        tax: None,
        due_on: day(from),
        period: Some(span(from, to)),
        recurring: None,
    }
}

/// What a command decided on a day gives as its `n`th charge.
fn posted(today: &str, n: u32, minor: i64, from: &str, to: &str) -> Event {
    let Event::ChargePosted {
        kind,
        description,
        amount,
        tax,
        due_on,
        period,
        recurring,
        ..
    } = rent(0, minor, from, to)
    else {
        unreachable!("rent is posted")
    };
    Event::ChargePosted {
        charge: Context::on(day(today)).id(n).into(),
        kind,
        description,
        amount,
        tax,
        due_on,
        period,
        recurring,
    }
}

fn on(today: &str, history: Vec<Event>) -> AggregateTestExecutor<Lease> {
    TestFramework::with(Context::on(day(today))).given(history)
}

fn lease(history: Vec<Event>) -> Lease {
    history.into_iter().fold(Lease::default(), |mut lease, event| {
        lease.apply(event);
        lease
    })
}

/// A context on a day, under policies that differ from the usual ones.
fn under(today: NaiveDate, change: impl FnOnce(&mut Settings)) -> Context {
    let mut context = Context::on(today);
    change(Arc::make_mut(&mut context.settings));
    context
}

/// Money comes in on a day and pays what it can.
fn pay(lease: &mut Lease, n: u128, minor: i64, received_on: NaiveDate) {
    let context = Context::on(received_on);
    let mut entries = Entries::on(lease.account(), &context);
    entries.credit(CreditId(Uuid::from_u128(n)), usd(minor), received_on);
    entries.pay_from_credits().unwrap();
    for event in entries.into_events() {
        lease.apply(event);
    }
}
