use cqrs_es::{Aggregate, test::TestFramework};

use super::{BankAccountCommand as Command, BankAccountEvent as Event, BankAccountRefusal as Refusal, *};
use crate::{Refusal as Any, input::InputRefusal};

fn june(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, day).unwrap()
}

fn open(purpose: BankPurpose) -> Command {
    Command::Open {
        name: "First Trust".into(),
        purpose,
    }
}

fn opened(purpose: BankPurpose) -> Event {
    Event::Opened {
        name: "First Trust".into(),
        purpose,
        on: june(1),
    }
}

fn closed() -> Event {
    Event::Closed { on: june(1) }
}

fn given(history: Vec<Event>) -> cqrs_es::test::AggregateTestExecutor<BankAccount> {
    TestFramework::with(Context::sample()).given(history)
}

fn after(history: impl IntoIterator<Item = Event>) -> BankAccount {
    let mut account = BankAccount::default();
    for event in history {
        account.apply(event);
    }
    account
}

#[test]
fn an_account_is_opened_and_closed_once() {
    use BankPurpose::Operating;
    given(vec![])
        .when(open(Operating))
        .then_expect_events(vec![opened(Operating)]);
    given(vec![opened(Operating)])
        .when(Command::Close)
        .then_expect_events(vec![closed()]);
    let nameless = Command::Open {
        name: String::new(),
        purpose: Operating,
    };
    let cases: Vec<(Vec<Event>, Command, Any)> = vec![
        (vec![], Command::Close, Refusal::Absent.into()),
        (vec![], nameless, InputRefusal::TextMissing { field: "name" }.into()),
        (vec![opened(Operating)], open(Operating), Refusal::Exists.into()),
        (
            vec![opened(Operating), closed()],
            Command::Close,
            Refusal::Closed { on: june(1) }.into(),
        ),
    ];
    for (history, command, refusal) in cases {
        given(history).when(command).then_expect_error(refusal);
    }
}

#[test]
fn an_account_serves_its_own_purpose_only() {
    use BankPurpose::{DepositTrust, Operating};
    let serves = |own, asked| after([opened(own)]).must_serve(asked, june(1));
    assert_eq!(serves(Operating, Operating), Ok(()));
    assert_eq!(serves(DepositTrust, DepositTrust), Ok(()));
    assert_eq!(serves(DepositTrust, Operating), Err(Refusal::ForDeposits));
    assert_eq!(serves(Operating, DepositTrust), Err(Refusal::NotForDeposits));
    assert_eq!(
        BankAccount::default().must_serve(Operating, june(1)),
        Err(Refusal::Absent)
    );
}

#[test]
fn a_closed_account_serves_the_days_before_its_closing() {
    let account = after([opened(BankPurpose::Operating), Event::Closed { on: june(10) }]);
    let serves = |day| account.must_serve(BankPurpose::Operating, june(day));
    assert_eq!(serves(9), Ok(()));
    assert_eq!(serves(10), Err(Refusal::Closed { on: june(10) }));
}
