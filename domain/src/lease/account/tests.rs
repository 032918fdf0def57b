#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod days;
mod laws;
mod paying;
mod reducing;
mod refusals;

use chrono::NaiveDate;
use uuid::Uuid;

use super::*;
use crate::{
    Refusal,
    context::Context,
    ids::{ConcessionId, DepositId, RecurringId},
    input::InputRefusal,
    lease::{ChargeKind, CreditSource, CreditTarget, LateFeePart, OpeningCharge, OpeningCredit, Withdrawal},
    money::Currency,
    settings::{AllocationClass, Settings},
};

const FIRST: ChargeId = ChargeId(Uuid::from_u128(1));
const SECOND: ChargeId = ChargeId(Uuid::from_u128(2));
const THIRD: ChargeId = ChargeId(Uuid::from_u128(3));
const CHEQUE: CreditId = CreditId(Uuid::from_u128(11));
const CASH: CreditId = CreditId(Uuid::from_u128(12));
const PETS: DepositId = DepositId(Uuid::from_u128(21));
const GIFT: ConcessionId = ConcessionId(Uuid::from_u128(31));

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn june(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, day).unwrap()
}

fn account(facts: impl IntoIterator<Item = LeaseEvent>) -> Account {
    let mut account = Account::default();
    for fact in facts {
        account.apply(&fact);
    }
    account
}

fn posted(charge: ChargeId, kind: ChargeKind, (amount, tax): (i64, i64), due_on: NaiveDate) -> LeaseEvent {
    LeaseEvent::ChargePosted {
        charge,
        kind,
        description: "June".into(),
        amount: usd(amount),
        tax: (tax > 0).then(|| usd(tax)),
        due_on,
        period: None,
        recurring: None,
    }
}

fn rent(charge: ChargeId, amount: i64, due_on: NaiveDate) -> LeaseEvent {
    posted(charge, ChargeKind::Rent, (amount, 0), due_on)
}

fn credited(credit: CreditId, amount: i64, received_on: NaiveDate) -> LeaseEvent {
    LeaseEvent::Credited {
        credit,
        source: CreditSource::Payment,
        amount: usd(amount),
        received_on,
    }
}

fn to(charge: ChargeId, kind: ChargeKind) -> CreditTarget {
    CreditTarget::Charge { charge, kind }
}

fn applied(credit: CreditId, target: CreditTarget, (amount, tax): (i64, i64), on: NaiveDate) -> LeaseEvent {
    LeaseEvent::CreditApplied {
        credit,
        target,
        amount: usd(amount),
        tax: (tax > 0).then(|| usd(tax)),
        on,
    }
}

fn unapplied(credit: CreditId, target: CreditTarget, (amount, tax): (i64, i64), on: NaiveDate) -> LeaseEvent {
    LeaseEvent::CreditUnapplied {
        credit,
        target,
        amount: usd(amount),
        tax: (tax > 0).then(|| usd(tax)),
        on,
    }
}

fn waived(charge: ChargeId, kind: ChargeKind, (amount, tax): (i64, i64), on: NaiveDate) -> LeaseEvent {
    LeaseEvent::ChargeWaived {
        charge,
        kind,
        amount: usd(amount),
        tax: (tax > 0).then(|| usd(tax)),
        reason: "goodwill".into(),
        on,
    }
}

fn new_charge(kind: ChargeKind, amount: i64, due_on: NaiveDate) -> NewCharge {
    NewCharge {
        charge: FIRST,
        kind,
        description: "June".into(),
        amount: usd(amount),
        tax: None,
        due_on,
        period: None,
        recurring: None,
    }
}

fn refused<T>(refusal: impl Into<Refusal>) -> Result<T, Refusal> {
    Err(refusal.into())
}
