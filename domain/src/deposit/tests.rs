#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use uuid::Uuid;

use super::{DepositCommand as Command, DepositEvent as Event, DepositRefusal as Refusal, *};
use crate::{Root, input::InputRefusal, money::Currency};

const LEASE: LeaseId = LeaseId(Uuid::from_u128(1));
const TRUST: BankAccountId = BankAccountId(Uuid::from_u128(2));
const CHEQUE: CreditId = CreditId(Uuid::from_u128(3));
const CASH: CreditId = CreditId(Uuid::from_u128(4));

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn today() -> NaiveDate {
    Context::sample().effective_on
}

fn new(amount: i64) -> NewDeposit {
    NewDeposit {
        lease: LEASE,
        purpose: DepositPurpose::Pet,
        limited: true,
        amount: usd(amount),
        due_on: today(),
    }
}

fn billed() -> Event {
    Event::Billed {
        lease: LEASE,
        purpose: DepositPurpose::Pet,
        limited: true,
        amount: usd(500),
        due_on: today(),
    }
}

fn received(amount: i64, source: DepositSource) -> Event {
    let bank_account = (source == DepositSource::Direct).then_some(TRUST);
    Event::Received {
        lease: LEASE,
        amount: usd(amount),
        source,
        on: today(),
        bank_account,
    }
}

fn from(credit: CreditId) -> DepositSource {
    DepositSource::Credit { credit, banked: false }
}

fn reversed(credit: CreditId, amount: i64) -> Event {
    Event::ReceiptReversed {
        lease: LEASE,
        amount: usd(amount),
        credit,
        banked: true,
    }
}

fn receive(amount: i64) -> Command {
    Command::Receive {
        amount: usd(amount),
        bank_account: TRUST,
    }
}

fn transfer(credit: CreditId, amount: i64) -> Command {
    Command::Transfer {
        credit,
        amount: usd(amount),
        banked: false,
    }
}

fn reverse(credit: CreditId, amount: i64) -> Command {
    Command::Reverse {
        credit,
        amount: usd(amount),
        banked: true,
    }
}

fn given(history: Vec<Event>) -> AggregateTestExecutor<Deposit> {
    TestFramework::with(Context::sample()).given(history)
}

#[test]
fn it_is_billed_once() {
    given(vec![])
        .when(Command::Bill(new(500)))
        .then_expect_events(vec![billed()]);
    given(vec![billed()])
        .when(Command::Bill(new(500)))
        .then_expect_error(Refusal::Exists.into());
    let (field, amount) = ("amount", usd(0));
    given(vec![])
        .when(Command::Bill(new(0)))
        .then_expect_error(InputRefusal::NotPositive { field, amount }.into());
    let (field, date) = ("due_on", NaiveDate::MAX);
    given(vec![])
        .when(Command::Bill(NewDeposit {
            due_on: date,
            ..new(500)
        }))
        .then_expect_error(InputRefusal::DateOutOfRange { field, date }.into());
}

#[test]
fn money_comes_in_directly_from_a_credit_or_from_earlier_books() {
    given(vec![billed()])
        .when(receive(200))
        .then_expect_events(vec![received(200, DepositSource::Direct)]);
    given(vec![billed()])
        .when(transfer(CHEQUE, 200))
        .then_expect_events(vec![received(200, from(CHEQUE))]);
    given(vec![billed(), received(100, from(CASH))])
        .when(Command::TakeOver)
        .then_expect_events(vec![received(400, DepositSource::Opening)]);
}

#[test]
fn no_more_is_held_than_was_billed() {
    let part = || vec![billed(), received(200, DepositSource::Direct)];
    given(part())
        .when(receive(300))
        .then_expect_events(vec![received(300, DepositSource::Direct)]);
    let (asked, due) = (usd(301), usd(300));
    for command in [receive(301), transfer(CASH, 301)] {
        given(part())
            .when(command)
            .then_expect_error(Refusal::BeyondDue { asked, due }.into());
    }
    let (field, amount) = ("amount", usd(0));
    for command in [receive(0), transfer(CASH, 0), reverse(CASH, 0)] {
        given(part())
            .when(command)
            .then_expect_error(InputRefusal::NotPositive { field, amount }.into());
    }
}

#[test]
fn what_a_credit_paid_is_taken_back_from_that_credit_only() {
    let history = || {
        vec![
            billed(),
            received(200, from(CHEQUE)),
            received(100, from(CASH)),
            received(100, from(CHEQUE)),
            reversed(CHEQUE, 50),
        ]
    };
    given(history())
        .when(reverse(CHEQUE, 250))
        .then_expect_events(vec![reversed(CHEQUE, 250)]);
    let not_from = |credit, asked, paid| {
        let (asked, paid) = (usd(asked), usd(paid));
        crate::Refusal::from(Refusal::NotFromCredit { credit, asked, paid })
    };
    given(history())
        .when(reverse(CHEQUE, 251))
        .then_expect_error(not_from(CHEQUE, 251, 250));
    given(history())
        .when(reverse(CASH, 101))
        .then_expect_error(not_from(CASH, 101, 100));
    given(vec![billed(), received(500, DepositSource::Direct)])
        .when(reverse(CASH, 1))
        .then_expect_error(not_from(CASH, 1, 0));
}

#[test]
fn it_is_due_until_all_of_it_is_held() {
    let status = |history: &[Event]| Deposit::default().after(history).status();
    assert_eq!(status(&[]), None);
    assert_eq!(status(&[billed()]), Some(DepositStatus::Due));
    assert_eq!(status(&[billed(), received(499, from(CASH))]), Some(DepositStatus::Due));
    assert_eq!(
        status(&[billed(), received(500, from(CASH))]),
        Some(DepositStatus::Held)
    );
    let back = [billed(), received(500, from(CASH)), reversed(CASH, 1)];
    assert_eq!(status(&back), Some(DepositStatus::Due));
    assert_eq!(Deposit::default().after(&back).due(), Ok(usd(1)));
}

#[test]
fn it_secures_one_lease() {
    let deposit = Deposit::default().after(&[billed()]);
    assert_eq!(deposit.must_secure(LEASE), Ok(()));
    let lease = LEASE;
    let other = LeaseId(Uuid::from_u128(9));
    assert_eq!(deposit.must_secure(other), Err(Refusal::OfAnotherLease { lease }));
    assert_eq!(Deposit::default().must_secure(LEASE), Err(Refusal::Absent));
}

#[test]
fn nothing_comes_in_before_it_is_billed() {
    for command in [receive(1), transfer(CASH, 1), Command::TakeOver, reverse(CASH, 1)] {
        given(vec![]).when(command).then_expect_error(Refusal::Absent.into());
    }
    assert_eq!(Deposit::default().due(), Err(Refusal::Absent));
}
