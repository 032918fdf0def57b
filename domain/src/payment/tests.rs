#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

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

#[test]
fn each_status_allows_what_it_allows_and_nothing_else() {
    use PaymentStatus::{Completed, Deposited, Disputed, Initiated, Processing, Refunded};

    let commands: [(Command, &str, &[PaymentStatus]); 10] = [
        (Command::Process, "processed", &[Initiated]),
        (complete(), "completed", &[Initiated, Processing]),
        (deposit(), "deposited", &[Completed]),
        (fail(), "failed", &[Initiated, Processing]),
        (void(), "voided", &[Initiated, Processing, Completed]),
        (bounce(), "returned", &[Completed, Deposited, Refunded]),
        (dispute(), "disputed", &[Completed, Deposited]),
        (Command::Win, "won", &[Disputed]),
        (lose(), "lost", &[Disputed]),
        (refund(1), "refunded", &[Deposited]),
    ];
    let context = Context::on(june(20));
    for (history, status) in histories() {
        let payment = Payment::default().after(&history);
        assert_eq!(payment.status(), Some(status));
        for (command, asked, allowed) in &commands {
            let decided = payment.decide(command.clone(), &context);
            if allowed.contains(&status) {
                assert_eq!(decided.map(|events| events.len()), Ok(1), "{status} {asked}");
            } else {
                assert_eq!(decided, Err(Refusal::Forbidden { status, asked }.into()));
            }
        }
        let again = payment.decide(Command::Initiate(intent()), &context);
        assert_eq!(again, Err(Refusal::Exists.into()));
    }
    for (command, ..) in commands {
        let decided = Payment::default().decide(command, &context);
        assert_eq!(decided, Err(Refusal::Absent.into()));
    }
}

#[test]
fn an_intent_is_kept_with_its_reference_trimmed() {
    let designations = vec![
        Designation::Charge {
            charge: RENT,
            amount: usd(600),
        },
        Designation::Deposit {
            deposit: KEYS,
            amount: usd(400),
        },
    ];
    let meant = Intent {
        reference: Some(" 1001 ".into()),
        designations,
        ..intent()
    };
    let kept = Intent {
        reference: Some("1001".into()),
        ..meant.clone()
    };
    given(vec![])
        .when(Command::Initiate(meant))
        .then_expect_events(vec![initiated_by(kept)]);
}

#[test]
fn an_intent_that_cannot_be_recorded_is_refused() {
    let refused = |change: fn(&mut Intent), refusal: crate::Refusal| {
        let mut intent = intent();
        change(&mut intent);
        given(vec![]).when(Command::Initiate(intent)).then_expect_error(refusal);
    };
    let not_positive = |field, amount| InputRefusal::NotPositive { field, amount }.into();
    refused(|intent| intent.amount = usd(0), not_positive("amount", usd(0)));
    let none_of_it = |intent: &mut Intent| {
        let amount = usd(0);
        intent.designations = vec![Designation::Charge { charge: RENT, amount }];
    };
    refused(none_of_it, not_positive("designations", usd(0)));
    let more_than_it = |intent: &mut Intent| {
        let amount = usd(501);
        intent.designations = vec![Designation::Charge { charge: RENT, amount }; 2];
    };
    let (designated, amount) = (usd(1_002), usd(1_000));
    refused(more_than_it, Refusal::DesignatesTooMuch { designated, amount }.into());
    let too_many = |intent: &mut Intent| {
        let amount = usd(1);
        intent.designations = vec![Designation::Charge { charge: RENT, amount }; 101];
    };
    let (field, count, limit) = ("designations", 101, 100);
    refused(too_many, InputRefusal::TooMany { field, count, limit }.into());
    let field = "reference";
    refused(
        |intent| intent.reference = Some(" ".into()),
        InputRefusal::TextMissing { field }.into(),
    );
}

#[test]
fn all_of_it_may_be_designated() {
    let amount = usd(500);
    let intent = Intent {
        designations: vec![Designation::Charge { charge: RENT, amount }; 2],
        ..intent()
    };
    given(vec![])
        .when(Command::Initiate(intent.clone()))
        .then_expect_events(vec![initiated_by(intent)]);
}

#[test]
fn money_is_received_on_the_day_the_command_is_effective_on() {
    given_on(vec![initiated()], 4)
        .when(complete())
        .then_expect_events(vec![completed(4)]);
    let mut early = Context::on(june(4));
    early.occurred_at = Context::on(june(3)).occurred_at;
    TestFramework::<Payment>::with(early)
        .given(vec![initiated()])
        .when(complete())
        .then_expect_error(
            Refusal::DatedAhead {
                on: june(4),
                today: june(3),
            }
            .into(),
        );
    let absurd = NaiveDate::from_ymd_opt(1899, 12, 31).unwrap();
    TestFramework::<Payment>::with(Context::on(absurd))
        .given(vec![initiated()])
        .when(complete())
        .then_expect_error(
            InputRefusal::DateOutOfRange {
                field: "received_on",
                date: absurd,
            }
            .into(),
        );
}

#[test]
fn a_reference_may_become_known_when_the_money_comes_and_not_change() {
    let known = Command::Complete {
        reference: Some(" 1001 ".into()),
    };
    let mut received = completed(20);
    if let Event::Completed { reference, .. } = &mut received {
        *reference = Some("1001".into());
    }
    given(vec![initiated()])
        .when(known.clone())
        .then_expect_events(vec![received.clone()]);
    let payment = Payment::default().after(&[initiated(), received]);
    assert_eq!(payment.intent().unwrap().reference.as_deref(), Some("1001"));

    let before = initiated_by(Intent {
        reference: Some("1000".into()),
        ..intent()
    });
    let reference = "1000".to_owned();
    given(vec![before.clone()])
        .when(known)
        .then_expect_error(Refusal::ReferenceKnown { reference }.into());
    let payment = Payment::default().after(&[before, completed(1)]);
    assert_eq!(payment.intent().unwrap().reference.as_deref(), Some("1000"));
}

#[test]
fn a_deposit_is_net_of_what_the_processor_kept() {
    let command = |undeposited, fee| Command::Deposit {
        undeposited: usd(undeposited),
        fee: usd(fee),
        bank_account: BANK,
    };
    let banked = |amount, fee| Event::Deposited {
        lease: LEASE,
        amount: usd(amount),
        fee: usd(fee),
        bank_account: BANK,
        on: june(20),
    };
    let received = || given(vec![initiated(), completed(20)]);
    received()
        .when(command(1_000, 29))
        .then_expect_events(vec![banked(1_000, 29)]);
    // All of it went to a deposit, and the processor kept its fee all the same.
    received()
        .when(command(0, 1_000))
        .then_expect_events(vec![banked(0, 1_000)]);
    let (fee, amount) = (usd(1_001), usd(1_000));
    received()
        .when(command(1_000, 1_001))
        .then_expect_error(Refusal::FeeTooLarge { fee, amount }.into());
    let (field, amount) = ("fee", usd(-1));
    received()
        .when(command(1_000, -1))
        .then_expect_error(InputRefusal::Negative { field, amount }.into());
}

#[test]
fn nothing_happens_to_money_before_it_is_where_it_happens() {
    let too_early = |on, since| crate::Refusal::from(Refusal::DatedTooEarly { on, since });
    let received = || vec![initiated(), completed(5)];
    for command in [deposit(), void(), bounce()] {
        given_on(received(), 4)
            .when(command)
            .then_expect_error(too_early(june(4), june(5)));
    }
    let banked = || vec![initiated(), completed(1), deposited(8)];
    for command in [bounce(), refund(1)] {
        given_on(banked(), 7)
            .when(command)
            .then_expect_error(too_early(june(7), june(8)));
    }
    let mut disputed_later = banked();
    disputed_later.push(disputed());
    given_on(disputed_later, 7)
        .when(lose())
        .then_expect_error(too_early(june(7), june(8)));
    given_on(received(), 5)
        .when(deposit())
        .then_expect_events(vec![deposited(5)]);
}

#[test]
fn a_mistake_says_whether_the_books_take_it_back() {
    given(vec![initiated()])
        .when(void())
        .then_expect_events(vec![voided(false)]);
    given(vec![initiated(), completed(1)])
        .when(void())
        .then_expect_events(vec![voided(true)]);
}

#[test]
fn a_bank_takes_back_all_of_it_whatever_was_refunded() {
    given(vec![initiated(), completed(1)])
        .when(bounce())
        .then_expect_events(vec![returned(None)]);
    for refunds in [vec![], vec![refunded(300, false)], vec![refunded(1_000, true)]] {
        let mut history = vec![initiated(), completed(1), deposited(2)];
        history.extend(refunds);
        given(history)
            .when(bounce())
            .then_expect_events(vec![returned(Some(BANK))]);
    }
}

#[test]
fn a_lost_dispute_costs_what_was_not_refunded() {
    let history = vec![
        initiated(),
        completed(1),
        deposited(2),
        refunded(300, false),
        disputed(),
    ];
    given(history)
        .when(lose())
        .then_expect_events(vec![lost(700, Some(BANK))]);
    given(vec![initiated(), completed(1), disputed()])
        .when(lose())
        .then_expect_events(vec![lost(1_000, None)]);
    let payment = Payment::default().after(&[initiated(), completed(1), disputed(), lost(1_000, None)]);
    assert_eq!(payment.status(), Some(PaymentStatus::Returned));
}

#[test]
fn a_dispute_that_is_won_leaves_the_money_where_it_was() {
    for (history, status) in [
        (vec![initiated(), completed(1)], PaymentStatus::Completed),
        (vec![initiated(), completed(1), deposited(2)], PaymentStatus::Deposited),
    ] {
        let payment = Payment::default()
            .after(&history)
            .after(&[disputed(), Event::DisputeWon]);
        assert_eq!(payment.status(), Some(status));
    }
}

#[test]
fn refunds_never_exceed_the_payment() {
    let banked = |refunds: &[Event]| {
        let mut history = vec![initiated(), completed(1), deposited(2)];
        history.extend_from_slice(refunds);
        given(history)
    };
    banked(&[])
        .when(refund(1_000))
        .then_expect_events(vec![refunded(1_000, true)]);
    let part = refunded(400, false);
    banked(from_ref(&part))
        .when(refund(599))
        .then_expect_events(vec![refunded(599, false)]);
    banked(from_ref(&part))
        .when(refund(600))
        .then_expect_events(vec![refunded(600, true)]);
    let (asked, left) = (usd(601), usd(600));
    banked(&[part])
        .when(refund(601))
        .then_expect_error(Refusal::RefundTooLarge { asked, left }.into());
    let (field, amount) = ("amount", usd(0));
    banked(&[])
        .when(refund(0))
        .then_expect_error(InputRefusal::NotPositive { field, amount }.into());
    let payment = Payment::default().after(&[initiated(), completed(1), deposited(2), refunded(400, false)]);
    assert_eq!(payment.left(), Ok(usd(600)));
    assert_eq!(payment.bank_account(), Some(BANK));
}

#[test]
fn a_refund_waits_for_the_hold_days_of_its_method_counted_from_the_receipt() {
    for (method, days) in [
        (Method::Cash, 0),
        (Method::Cheque, 7),
        (Method::Ach, 5),
        (Method::Card, 2),
    ] {
        let history = || {
            let paid = initiated_by(Intent { method, ..intent() });
            vec![paid, completed(2), deposited(2)]
        };
        let until = june(2 + days);
        given_on(history(), 2 + days)
            .when(refund(1))
            .then_expect_events(vec![refunded(1, false)]);
        if days > 0 {
            given_on(history(), 1 + days)
                .when(refund(1))
                .then_expect_error(Refusal::OnHold { until }.into());
        }
    }
}

#[test]
fn reasons_and_fees_of_banks_are_checked() {
    let banked = || vec![initiated(), completed(1), deposited(2)];
    let missing = || InputRefusal::TextMissing { field: "reason" }.into();
    let blank = || " ".to_owned();
    let cases = [
        (vec![initiated()], Command::Fail { reason: blank() }),
        (vec![initiated()], Command::Void { reason: blank() }),
        (banked(), Command::Dispute { reason: blank() }),
        (
            banked(),
            Command::Return {
                bank_fee: usd(0),
                reason: blank(),
            },
        ),
        (
            banked(),
            Command::Refund {
                amount: usd(1),
                reason: blank(),
            },
        ),
    ];
    for (history, command) in cases {
        given(history).when(command).then_expect_error(missing());
    }
    let negative = || {
        let (field, amount) = ("bank_fee", usd(-1));
        InputRefusal::Negative { field, amount }.into()
    };
    let bounce = Command::Return {
        bank_fee: usd(-1),
        reason: "R01".into(),
    };
    given(banked()).when(bounce).then_expect_error(negative());
    let mut in_dispute = banked();
    in_dispute.push(disputed());
    given(in_dispute)
        .when(Command::Lose { bank_fee: usd(-1) })
        .then_expect_error(negative());
}

#[test]
fn a_reference_is_claimed_by_method_payer_and_reference() {
    let here = OrganizationId(Uuid::from_u128(8));
    let claim = |change: fn(&mut Intent)| -> Option<ClaimId> {
        let mut intent = Intent {
            reference: Some("1001".into()),
            ..intent()
        };
        change(&mut intent);
        intent.claim(here)
    };
    let usual = claim(|_| ());
    assert!(usual.is_some());
    assert_eq!(claim(|intent| intent.reference = Some(" 1001 ".into())), usual);
    assert_eq!(claim(|intent| intent.amount = usd(1)), usual);
    assert_eq!(claim(|intent| intent.lease = LeaseId(Uuid::from_u128(99))), usual);
    assert_eq!(claim(|intent| intent.reference = None), None);
    for another in [
        claim(|intent| intent.reference = Some("1002".into())),
        claim(|intent| intent.method = Method::Ach),
        claim(|intent| intent.payer = Some(ResidentId(Uuid::from_u128(9)))),
        claim(|intent| intent.payer = None),
    ] {
        assert!(another.is_some() && another != usual);
    }
    let strangers = |lease| {
        let stranger = Intent {
            lease: LeaseId(Uuid::from_u128(lease)),
            payer: None,
            reference: Some("1001".into()),
            ..intent()
        };
        stranger.claim(here)
    };
    assert_ne!(strangers(1), strangers(2), "who is no resident is known by the lease");
}

#[test]
fn refusals_name_status_and_method_in_words() {
    let asked = "refunded";
    let words = |status| Refusal::Forbidden { status, asked }.to_string();
    let all: Vec<_> = histories().into_iter().map(|(_, status)| words(status)).collect();
    let expected = [
        "initiated",
        "processing",
        "completed",
        "deposited",
        "failed",
        "voided",
        "returned",
        "disputed",
        "refunded",
    ]
    .map(|status| format!("a payment that is {status} can't be refunded"));
    assert_eq!(all, expected);
    let methods = [Method::Cash, Method::Cheque, Method::Ach, Method::Card];
    for method in methods {
        let stored = serde_json::to_value(method).unwrap();
        assert_eq!(stored, method.to_string());
    }
    let refusal = Refusal::Absent;
    assert_eq!(
        (refusal.rule(), refusal.nature()),
        ("payment-absent", crate::Nature::Absent)
    );
}
