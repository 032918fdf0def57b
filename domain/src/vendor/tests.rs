use cqrs_es::{Aggregate, test::TestFramework};
use uuid::Uuid;

use super::{VendorCommand as Command, VendorEvent as Event, VendorRefusal as Refusal, *};
use crate::{Refusal as Any, input::InputRefusal};

const DRIP: VendorId = VendorId(Uuid::from_u128(1));

fn june(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, day).unwrap()
}

fn profile() -> VendorProfile {
    VendorProfile {
        name: "Drip & Sons".into(),
        contact: Contact {
            email: Some("office@drip.example".into()),
            phone: None,
        },
        trades: vec!["plumbing".into()],
        insured_through: Some(june(10)),
    }
}

fn created() -> Event {
    let VendorProfile {
        name,
        contact,
        trades,
        insured_through,
    } = profile();
    Event::Created {
        name: Personal::of(DRIP, name),
        contact: Personal::of(DRIP, contact),
        trades,
        insured_through,
    }
}

fn updated(insured_through: Option<NaiveDate>) -> Event {
    let VendorProfile {
        name, contact, trades, ..
    } = profile();
    Event::Updated {
        name: Personal::of(DRIP, name),
        contact: Personal::of(DRIP, contact),
        trades,
        insured_through,
    }
}

fn blocked() -> Event {
    Event::Blocked {
        reason: "no insurance".into(),
    }
}

fn create() -> Command {
    Command::Create {
        vendor: DRIP,
        profile: profile(),
    }
}

fn update() -> Command {
    Command::Update {
        vendor: DRIP,
        profile: profile(),
    }
}

fn block() -> Command {
    Command::Block {
        reason: "no insurance".into(),
    }
}

fn given(history: Vec<Event>) -> cqrs_es::test::AggregateTestExecutor<Vendor> {
    TestFramework::with(Context::sample()).given(history)
}

fn after(history: impl IntoIterator<Item = Event>) -> Vendor {
    let mut vendor = Vendor::default();
    for event in history {
        vendor.apply(event);
    }
    vendor
}

#[test]
fn a_vendor_is_taken_on_and_its_profile_replaced() {
    given(vec![]).when(create()).then_expect_events(vec![created()]);
    given(vec![created()])
        .when(update())
        .then_expect_events(vec![updated(profile().insured_through)]);
    given(vec![created(), blocked()])
        .when(update())
        .then_expect_events(vec![updated(profile().insured_through)]);
}

#[test]
fn a_vendor_is_blocked_and_let_in_again() {
    given(vec![created()]).when(block()).then_expect_events(vec![blocked()]);
    given(vec![created(), blocked()])
        .when(Command::Unblock)
        .then_expect_events(vec![Event::Unblocked]);
    given(vec![created(), blocked(), Event::Unblocked])
        .when(block())
        .then_expect_events(vec![blocked()]);
}

#[test]
fn only_a_vendor_that_is_not_blocked_may_work() {
    let is_blocked = Refusal::Blocked {
        reason: "no insurance".into(),
    };
    assert_eq!(Vendor::default().must_be_active(), Err(Refusal::Absent));
    assert_eq!(after([created()]).must_be_active(), Ok(()));
    assert_eq!(after([created(), blocked()]).must_be_active(), Err(is_blocked.clone()));
    assert_eq!(
        after([created(), blocked(), updated(None)]).must_be_active(),
        Err(is_blocked)
    );
    assert_eq!(after([created(), blocked(), Event::Unblocked]).must_be_active(), Ok(()));
}

#[test]
fn the_end_of_an_insurance_is_found_the_day_after_and_recorded_once() {
    let expired = |day| Event::InsuranceExpired {
        insured_through: june(day),
    };
    let vendor = after([created()]);
    assert_eq!(vendor.insurance_expiry(june(10)), None, "it covers its last day");
    assert_eq!(vendor.insurance_expiry(june(11)), Some(expired(10)));
    assert_eq!(after([created(), expired(10)]).insurance_expiry(june(12)), None);
    let renewed = after([created(), expired(10), updated(Some(june(20)))]);
    assert_eq!(renewed.insurance_expiry(june(20)), None);
    assert_eq!(renewed.insurance_expiry(june(21)), Some(expired(20)));
    assert_eq!(after([created(), updated(None)]).insurance_expiry(june(30)), None);
}

#[test]
fn refusals_say_which_rule_and_with_which_values() {
    let nameless = || VendorProfile {
        name: String::new(),
        ..profile()
    };
    let cases: Vec<(Vec<Event>, Command, Any)> = vec![
        (vec![], update(), Refusal::Absent.into()),
        (vec![], block(), Refusal::Absent.into()),
        (vec![], Command::Unblock, Refusal::Absent.into()),
        (vec![created()], create(), Refusal::Exists.into()),
        (vec![created()], Command::Unblock, Refusal::NotBlocked.into()),
        (
            vec![created(), blocked()],
            block(),
            Refusal::Blocked {
                reason: "no insurance".into(),
            }
            .into(),
        ),
        (
            vec![created()],
            Command::Block { reason: String::new() },
            InputRefusal::TextMissing { field: "reason" }.into(),
        ),
        (
            vec![],
            Command::Create {
                vendor: DRIP,
                profile: nameless(),
            },
            InputRefusal::TextMissing { field: "name" }.into(),
        ),
        (
            vec![created()],
            Command::Update {
                vendor: DRIP,
                profile: nameless(),
            },
            InputRefusal::TextMissing { field: "name" }.into(),
        ),
    ];
    for (history, command, refusal) in cases {
        given(history).when(command).then_expect_error(refusal);
    }
}

#[test]
fn a_profile_is_checked_field_by_field() {
    let wrong = [
        VendorProfile {
            contact: Contact {
                email: Some("drip".into()),
                phone: None,
            },
            ..profile()
        },
        VendorProfile {
            trades: vec![String::new()],
            ..profile()
        },
        VendorProfile {
            insured_through: NaiveDate::from_ymd_opt(1899, 1, 1),
            ..profile()
        },
    ];
    let rules = wrong.map(|profile| {
        let create = Command::Create { vendor: DRIP, profile };
        crate::Refuse::rule(&Vendor::default().decide(create, &Context::sample()).unwrap_err())
    });
    assert_eq!(rules, ["text-malformed", "text-missing", "date-out-of-range"]);
}
