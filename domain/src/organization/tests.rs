use chrono_tz::America::{Chicago, New_York};
use cqrs_es::{Aggregate, test::TestFramework};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{OrganizationCommand as Command, OrganizationEvent as Event, OrganizationRefusal as Refusal, *};
use crate::{
    Refusal as Any, Refuse,
    input::InputRefusal,
    money::Money,
    settings::{BusinessHours, DailyBegin, LateFeeRule},
};

const OPERATING: BankAccountId = BankAccountId(Uuid::from_u128(1));
const DEPOSITS: BankAccountId = BankAccountId(Uuid::from_u128(2));

fn usual() -> Settings {
    Settings::usual(Currency::USD, New_York)
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn create(settings: Settings) -> Command {
    Command::Create {
        name: "Elm Homes".into(),
        settings: Box::new(settings),
        operating_account: OPERATING,
        deposit_account: DEPOSITS,
    }
}

fn created() -> Event {
    Event::Created {
        name: "Elm Homes".into(),
        settings: usual(),
        operating_account: OPERATING,
        deposit_account: DEPOSITS,
    }
}

fn change(change: impl FnOnce(&mut Settings)) -> Command {
    let mut settings = Box::new(usual());
    change(&mut settings);
    Command::ChangeSettings { settings }
}

fn why() -> String {
    "unpaid bills".into()
}

fn suspended() -> Event {
    Event::Suspended { reason: why() }
}

fn closed() -> Event {
    Event::Closed { reason: why() }
}

fn given(history: Vec<Event>) -> cqrs_es::test::AggregateTestExecutor<Organization> {
    TestFramework::with(Context::sample()).given(history)
}

fn after(history: impl IntoIterator<Item = Event>) -> Organization {
    let mut organization = Organization::default();
    for event in history {
        organization.apply(event);
    }
    organization
}

#[test]
fn it_is_created_with_policies_and_accounts() {
    given(vec![]).when(create(usual())).then_expect_events(vec![created()]);
    let organization = after([created()]);
    assert_eq!(organization.settings(), Ok(&usual()));
    assert_eq!(organization.operating_account(), Ok(OPERATING));
    assert_eq!(organization.deposit_account(), Ok(DEPOSITS));
    assert_eq!(Organization::default().settings(), Err(Refusal::Absent));
}

#[test]
fn its_policies_change_as_a_whole() {
    let mut stricter = usual();
    stricter.late_fees.grace_days = 2;
    let changed = Event::SettingsChanged {
        settings: stricter.clone(),
    };
    given(vec![created()])
        .when(change(|settings| settings.late_fees.grace_days = 2))
        .then_expect_events(vec![changed.clone()]);
    assert_eq!(after([created(), changed]).settings(), Ok(&stricter));
}

#[test]
fn it_takes_commands_unless_suspended_or_closed() {
    let takes = |history: Vec<Event>| after(history).must_be_active();
    assert_eq!(takes(vec![]), Err(Refusal::Absent));
    assert_eq!(takes(vec![created()]), Ok(()));
    assert_eq!(
        takes(vec![created(), suspended()]),
        Err(Refusal::Suspended { reason: why() })
    );
    assert_eq!(takes(vec![created(), suspended(), Event::Reinstated]), Ok(()));
    assert_eq!(takes(vec![created(), closed()]), Err(Refusal::Closed { reason: why() }));
}

#[test]
fn it_is_suspended_reinstated_and_closed() {
    let suspend = || Command::Suspend { reason: why() };
    let close = || Command::Close { reason: why() };
    given(vec![created()])
        .when(suspend())
        .then_expect_events(vec![suspended()]);
    given(vec![created(), suspended()])
        .when(Command::Reinstate)
        .then_expect_events(vec![Event::Reinstated]);
    given(vec![created()]).when(close()).then_expect_events(vec![closed()]);
    given(vec![created(), suspended()])
        .when(close())
        .then_expect_events(vec![closed()]);
    let nameless = Command::Create {
        name: String::new(),
        settings: Box::new(usual()),
        operating_account: OPERATING,
        deposit_account: DEPOSITS,
    };
    let no_reason = InputRefusal::TextMissing { field: "reason" };
    let unsaid = String::new;
    let cases: Vec<(Vec<Event>, Command, Any)> = vec![
        (vec![], suspend(), Refusal::Absent.into()),
        (vec![], Command::Reinstate, Refusal::Absent.into()),
        (vec![], close(), Refusal::Absent.into()),
        (vec![], change(|_| ()), Refusal::Absent.into()),
        (vec![], nameless, InputRefusal::TextMissing { field: "name" }.into()),
        (vec![created()], create(usual()), Refusal::Exists.into()),
        (vec![created()], Command::Reinstate, Refusal::NotSuspended.into()),
        (vec![created()], change(|_| ()), Refusal::Unchanged.into()),
        (
            vec![created()],
            Command::Suspend { reason: unsaid() },
            no_reason.clone().into(),
        ),
        (vec![created()], Command::Close { reason: unsaid() }, no_reason.into()),
        (
            vec![created(), suspended()],
            suspend(),
            Refusal::Suspended { reason: why() }.into(),
        ),
        (
            vec![created(), suspended()],
            change(|settings| settings.expiring_days = 30),
            Refusal::Suspended { reason: why() }.into(),
        ),
        (
            vec![created(), closed()],
            Command::Reinstate,
            Refusal::Closed { reason: why() }.into(),
        ),
        (
            vec![created(), closed()],
            close(),
            Refusal::Closed { reason: why() }.into(),
        ),
    ];
    for (history, command, refusal) in cases {
        given(history).when(command).then_expect_error(refusal);
    }
}

#[test]
fn currency_zone_and_fiscal_year_stay_for_ever() {
    let elsewhere = Box::new(Settings::usual("EUR".parse().unwrap(), New_York));
    let cases = [
        (
            Command::ChangeSettings { settings: elsewhere },
            Refusal::CurrencyFixed {
                currency: Currency::USD,
            },
        ),
        (
            change(|settings| settings.time_zone = Chicago),
            Refusal::TimeZoneFixed { time_zone: New_York },
        ),
        (
            change(|settings| settings.fiscal_year_starts = 4),
            Refusal::FiscalYearFixed { starts: 1 },
        ),
    ];
    for (command, refusal) in cases {
        given(vec![created()]).when(command).then_expect_error(refusal.into());
    }
}

fn rule_of(change: fn(&mut Settings)) -> &'static str {
    let mut settings = usual();
    change(&mut settings);
    match Organization::default().decide(create(settings), &Context::sample()) {
        Ok(_) => "fine",
        Err(refusal) => refusal.rule(),
    }
}

#[test]
fn policies_that_can_be_carried_out_are_taken() {
    let fine: [fn(&mut Settings); 11] = [
        |settings| settings.fiscal_year_starts = 12,
        |settings| settings.expiring_days = 0,
        |settings| settings.nsf_fee = usd(0),
        |settings| settings.hold_days.cheque = 365,
        |settings| settings.allocation.reverse(),
        |settings| settings.late_fees.rules.clear(),
        |settings| settings.late_fees.cap = Some(usd(1)),
        |settings| {
            settings.late_fees.rules = vec![
                LateFeeRule::PercentOfRent {
                    percent: Decimal::ONE_HUNDRED,
                },
                LateFeeRule::Daily {
                    amount: usd(500),
                    begins: DailyBegin::DayAfter,
                },
            ];
        },
        |settings| {
            settings.service_levels.business_hours = Some(BusinessHours {
                opens: 0,
                closes: 24 * 60,
            });
        },
        |settings| settings.service_levels.urgent.resolution_minutes = settings.service_levels.urgent.response_minutes,
        |settings| settings.service_levels.low.resolution_minutes = 365 * 24 * 60,
    ];
    for change in fine {
        assert_eq!(rule_of(change), "fine");
    }
}

#[test]
fn policies_that_can_not_be_carried_out_are_refused() {
    let numbers: [fn(&mut Settings); 13] = [
        |settings| settings.fiscal_year_starts = 0,
        |settings| settings.fiscal_year_starts = 13,
        |settings| settings.expiring_days = 731,
        |settings| settings.hold_days.cash = 366,
        |settings| settings.hold_days.cheque = 366,
        |settings| settings.hold_days.ach = 366,
        |settings| settings.hold_days.card = 366,
        |settings| settings.late_fees.grace_days = 91,
        |settings| settings.service_levels.urgent.response_minutes = 0,
        |settings| settings.service_levels.high.resolution_minutes = 239,
        |settings| settings.service_levels.low.resolution_minutes = 365 * 24 * 60 + 1,
        |settings| {
            settings.service_levels.business_hours = Some(BusinessHours {
                opens: 540,
                closes: 540,
            });
        },
        |settings| settings.service_levels.business_hours = Some(BusinessHours { opens: 0, closes: 1441 }),
    ];
    for (index, change) in numbers.into_iter().enumerate() {
        assert_eq!(rule_of(change), "number-out-of-range", "number {index}");
    }
    let wrong: [fn(&mut Settings); 7] = [
        |settings| settings.allocation.truncate(6),
        |settings| settings.allocation[0] = settings.allocation[1],
        |settings| settings.allocation.push(settings.allocation[0]),
        |settings| settings.late_fees.rules = vec![LateFeeRule::Flat { amount: usd(1) }; 2],
        |settings| settings.late_fees.rules = vec![percent(Decimal::ZERO)],
        |settings| settings.late_fees.rules = vec![percent(Decimal::new(10_001, 2))],
        |settings| settings.late_fees.rules = vec![percent(Decimal::new(1, 5))],
    ];
    for (index, change) in wrong.into_iter().enumerate() {
        assert_eq!(rule_of(change), "organization-policy-wrong", "policy {index}");
    }
    let three = |settings: &mut Settings| {
        let flat = settings.late_fees.rules[0];
        settings.late_fees.rules = vec![flat, percent(Decimal::ONE), flat];
    };
    assert_eq!(rule_of(three), "organization-policy-wrong");
}

#[test]
fn amounts_of_policies_are_of_the_currency_and_above_zero() {
    let yen = || Money::new(1, "JPY".parse().unwrap());
    assert_eq!(rule_of(|settings| settings.nsf_fee = usd(-1)), "amount-negative");
    assert_eq!(
        rule_of(|settings| settings.late_fees.minimum_balance = usd(-1)),
        "amount-negative"
    );
    assert_eq!(
        rule_of(|settings| settings.late_fees.cap = Some(usd(0))),
        "amount-not-positive"
    );
    assert_eq!(
        rule_of(|settings| settings.late_fees.rules = vec![LateFeeRule::Flat { amount: usd(0) }]),
        "amount-not-positive"
    );
    let mut foreign = usual();
    foreign.nsf_fee = yen();
    let refusal = Organization::default()
        .decide(create(foreign), &Context::sample())
        .unwrap_err();
    assert_eq!(refusal.rule(), "wrong-currency");
}

fn percent(percent: Decimal) -> LateFeeRule {
    LateFeeRule::PercentOfOutstanding { percent }
}

#[test]
fn a_percentage_may_have_four_decimal_places() {
    assert_eq!(
        rule_of(|settings| settings.late_fees.rules = vec![percent(Decimal::new(1, 4))]),
        "fine"
    );
}
