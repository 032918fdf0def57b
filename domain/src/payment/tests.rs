#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod coming_in;
mod going_back;
mod status;

use std::slice::from_ref;

use chrono::NaiveDate;
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use uuid::Uuid;

use super::{PaymentCommand as Command, PaymentEvent as Event, PaymentRefusal as Refusal, *};
use crate::{
    Refuse, Root,
    ids::{ChargeId, ClaimId, DepositId, LeaseId, OrganizationId, ResidentId},
    input::InputRefusal,
    money::Currency,
};

const LEASE: LeaseId = LeaseId(Uuid::from_u128(1));
const ADA: ResidentId = ResidentId(Uuid::from_u128(2));
const BANK: BankAccountId = BankAccountId(Uuid::from_u128(3));
const RENT: ChargeId = ChargeId(Uuid::from_u128(4));
const KEYS: DepositId = DepositId(Uuid::from_u128(5));

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn june(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, day).unwrap()
}

fn intent() -> Intent {
    Intent {
        lease: LEASE,
        payer: Some(ADA),
        amount: usd(1_000),
        method: Method::Cheque,
        reference: None,
        designations: vec![],
    }
}

fn initiated() -> Event {
    initiated_by(intent())
}

fn initiated_by(intent: Intent) -> Event {
    Event::Initiated {
        lease: intent.lease,
        payer: intent.payer,
        amount: intent.amount,
        method: intent.method,
        reference: intent.reference,
        designations: intent.designations,
    }
}

fn completed(day: u32) -> Event {
    Event::Completed {
        lease: LEASE,
        amount: usd(1_000),
        received_on: june(day),
        reference: None,
    }
}

fn deposited(day: u32) -> Event {
    Event::Deposited {
        lease: LEASE,
        amount: usd(1_000),
        fee: usd(0),
        bank_account: BANK,
        on: june(day),
    }
}

fn voided(completed: bool) -> Event {
    Event::Voided {
        lease: LEASE,
        amount: usd(1_000),
        completed,
        reason: "typo".into(),
    }
}

fn returned(bank_account: Option<BankAccountId>) -> Event {
    Event::Returned {
        lease: LEASE,
        amount: usd(1_000),
        bank_account,
        bank_fee: usd(500),
        reason: "R01".into(),
    }
}

fn disputed() -> Event {
    Event::Disputed {
        reason: "not mine".into(),
    }
}

fn lost(amount: i64, bank_account: Option<BankAccountId>) -> Event {
    Event::DisputeLost {
        lease: LEASE,
        amount: usd(amount),
        bank_account,
        bank_fee: usd(1_500),
    }
}

fn refunded(amount: i64, whole: bool) -> Event {
    Event::Refunded {
        lease: LEASE,
        amount: usd(amount),
        bank_account: BANK,
        whole,
        reason: "paid twice".into(),
    }
}

fn complete() -> Command {
    Command::Complete { reference: None }
}

fn deposit() -> Command {
    Command::Deposit {
        undeposited: usd(1_000),
        fee: usd(0),
        bank_account: BANK,
    }
}

fn fail() -> Command {
    Command::Fail {
        reason: "no funds".into(),
    }
}

fn void() -> Command {
    Command::Void { reason: "typo".into() }
}

fn bounce() -> Command {
    Command::Return {
        bank_fee: usd(500),
        reason: "R01".into(),
    }
}

fn dispute() -> Command {
    Command::Dispute {
        reason: "not mine".into(),
    }
}

fn lose() -> Command {
    Command::Lose { bank_fee: usd(1_500) }
}

fn refund(amount: i64) -> Command {
    Command::Refund {
        amount: usd(amount),
        reason: "paid twice".into(),
    }
}

/// A history that leads to each status, and the status.
fn histories() -> Vec<(Vec<Event>, PaymentStatus)> {
    let received = || vec![initiated(), completed(1)];
    let banked = || vec![initiated(), completed(1), deposited(2)];
    let then = |mut history: Vec<Event>, event| {
        history.push(event);
        history
    };
    let failed = Event::Failed {
        reason: "no funds".into(),
    };
    vec![
        (vec![initiated()], PaymentStatus::Initiated),
        (vec![initiated(), Event::Processing], PaymentStatus::Processing),
        (received(), PaymentStatus::Completed),
        (banked(), PaymentStatus::Deposited),
        (vec![initiated(), failed], PaymentStatus::Failed),
        (then(received(), voided(true)), PaymentStatus::Voided),
        (then(banked(), returned(Some(BANK))), PaymentStatus::Returned),
        (then(banked(), disputed()), PaymentStatus::Disputed),
        (then(banked(), refunded(1_000, true)), PaymentStatus::Refunded),
    ]
}

fn given_on(history: Vec<Event>, day: u32) -> AggregateTestExecutor<Payment> {
    TestFramework::with(Context::on(june(day))).given(history)
}

fn given(history: Vec<Event>) -> AggregateTestExecutor<Payment> {
    given_on(history, 20)
}
