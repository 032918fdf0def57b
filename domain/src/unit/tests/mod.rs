mod leasing;

use cqrs_es::{Aggregate, test::TestFramework};
use uuid::Uuid;

use super::{UnitCommand as Command, UnitEvent as Event, UnitRefusal as Refusal, *};
use crate::{Refusal as Any, input::InputRefusal, money::Currency};

const ELM: PropertyId = PropertyId(Uuid::from_u128(1));
const ADA: LeaseId = LeaseId(Uuid::from_u128(2));
const BOB: LeaseId = LeaseId(Uuid::from_u128(3));

fn june(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, day).unwrap()
}

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn details() -> UnitDetails {
    UnitDetails {
        number: "101".into(),
        bedrooms: 2,
        half_baths: 3,
        square_feet: Some(850),
        market_rent: usd(136_700),
    }
}

fn created() -> Event {
    Event::Created {
        property: ELM,
        details: details(),
    }
}

fn leased(lease: LeaseId, from: u32, to: u32) -> Event {
    Event::Leased {
        lease,
        span: Span::new(june(from), june(to)),
        on_notice: false,
    }
}

fn offline() -> Event {
    Event::TakenOffline { reason: "fire".into() }
}

fn listed(day: u32) -> Event {
    Event::Listed {
        available_on: june(day),
        asking_rent: usd(140_000),
    }
}

fn list(day: u32) -> Command {
    Command::List {
        available_on: june(day),
        asking_rent: usd(140_000),
    }
}

fn given(history: Vec<Event>) -> cqrs_es::test::AggregateTestExecutor<Unit> {
    TestFramework::with(Context::sample()).given(history)
}

fn after(history: impl IntoIterator<Item = Event>) -> Unit {
    let mut unit = Unit::default();
    for event in history {
        unit.apply(event);
    }
    unit
}

#[test]
fn a_unit_begins_ready() {
    given(vec![])
        .when(Command::Create {
            property: ELM,
            details: details(),
        })
        .then_expect_events(vec![created()]);
    assert_eq!(after([created()]).status(), Some(UnitStatus::Ready));
    assert_eq!(after([created()]).property(), Some(ELM));
    assert_eq!(Unit::default().status(), None);
}

#[test]
fn a_change_of_what_is_known_is_recorded_whole() {
    let changed = UnitDetails {
        bedrooms: 3,
        ..details()
    };
    let updated = || Event::Updated {
        details: changed.clone(),
    };
    given(vec![created()])
        .when(Command::Update {
            details: changed.clone(),
        })
        .then_expect_events(vec![updated()]);
    assert_eq!(after([created(), updated()]).details(), Ok(&changed));
}

#[test]
fn a_unit_is_listed_from_a_day_that_no_lease_has() {
    let history = || vec![created(), leased(ADA, 1, 10)];
    given(history()).when(list(10)).then_expect_events(vec![listed(10)]);
    given(history()).when(list(9)).then_expect_error(
        Refusal::Leased {
            lease: ADA,
            span: Span::new(june(1), june(10)),
        }
        .into(),
    );
}

#[test]
fn a_listing_ends_with_the_lease_it_led_to_or_when_the_unit_goes_offline() {
    let relist = |history| given(history).when(list(10));
    relist(vec![created(), listed(10), leased(ADA, 1, 10)]).then_expect_error(
        Refusal::Listed {
            available_on: june(10),
            asking_rent: usd(140_000),
        }
        .into(),
    );
    let taken_over = vec![
        created(),
        listed(10),
        leased(ADA, 10, 20),
        Event::Released { lease: ADA },
    ];
    relist(taken_over).then_expect_events(vec![listed(10)]);
    let repaired = vec![created(), listed(10), offline(), Event::MadeReady];
    relist(repaired).then_expect_events(vec![listed(10)]);
}

#[test]
fn a_unit_goes_from_occupied_over_notice_and_turning_to_ready() {
    let steps = [
        (created(), UnitStatus::Ready),
        (leased(ADA, 1, 30), UnitStatus::Ready),
        (Event::Occupied { lease: ADA }, UnitStatus::Occupied),
        (
            Event::Leased {
                lease: ADA,
                span: Span::new(june(1), june(20)),
                on_notice: true,
            },
            UnitStatus::OnNotice,
        ),
        (Event::Vacated { lease: ADA }, UnitStatus::Turning),
        (Event::MadeReady, UnitStatus::Ready),
        (offline(), UnitStatus::Offline),
        (Event::MadeReady, UnitStatus::Ready),
    ];
    let mut unit = Unit::default();
    for (event, status) in steps {
        unit.apply(event.clone());
        assert_eq!(unit.status(), Some(status), "{event:?}");
    }
}

#[test]
fn a_unit_that_is_moved_into_needs_no_turning_any_more() {
    let unit = after([
        created(),
        leased(ADA, 1, 10),
        Event::Occupied { lease: ADA },
        Event::Vacated { lease: ADA },
        leased(BOB, 10, 20),
        Event::Occupied { lease: BOB },
        leased(ADA, 1, 10),
    ]);
    assert_eq!(unit.status(), Some(UnitStatus::Occupied));
    assert_eq!(unit.occupied_by(), Some(BOB));
}

#[test]
fn a_unit_is_made_ready_after_turning_and_after_being_offline() {
    let turning = vec![
        created(),
        leased(ADA, 1, 10),
        Event::Occupied { lease: ADA },
        Event::Vacated { lease: ADA },
    ];
    for history in [turning, vec![created(), offline()]] {
        given(history)
            .when(Command::MakeReady)
            .then_expect_events(vec![Event::MadeReady]);
    }
}

/// The sample's day is 1 June.
#[test]
fn a_unit_whose_leases_are_all_past_can_be_taken_offline() {
    let may = Span::new(NaiveDate::from_ymd_opt(2026, 5, 1).unwrap(), june(1));
    let past = Event::Leased {
        lease: ADA,
        span: may,
        on_notice: true,
    };
    given(vec![created(), past])
        .when(Command::TakeOffline { reason: "fire".into() })
        .then_expect_events(vec![offline()]);
}

#[test]
fn refusals_say_which_rule_and_with_which_values() {
    let create = || Command::Create {
        property: ELM,
        details: details(),
    };
    let take_offline = || Command::TakeOffline { reason: "fire".into() };
    let occupied = || vec![created(), leased(ADA, 1, 30), Event::Occupied { lease: ADA }];
    let of_ada = Refusal::Leased {
        lease: ADA,
        span: Span::new(june(1), june(2)),
    };
    let is_offline = Refusal::Offline { reason: "fire".into() };
    let no_name = || Command::Update {
        details: UnitDetails {
            number: " ".into(),
            ..details()
        },
    };
    let cases: Vec<(Vec<Event>, Command, Any)> = vec![
        (vec![], Command::Update { details: details() }, Refusal::Absent.into()),
        (vec![], list(1), Refusal::Absent.into()),
        (vec![], Command::MakeReady, Refusal::Absent.into()),
        (vec![], take_offline(), Refusal::Absent.into()),
        (vec![created()], create(), Refusal::Exists.into()),
        (
            vec![created()],
            Command::Update { details: details() },
            Refusal::Unchanged.into(),
        ),
        (
            vec![created()],
            no_name(),
            InputRefusal::TextMissing { field: "number" }.into(),
        ),
        (vec![created()], Command::MakeReady, Refusal::Ready.into()),
        (occupied(), Command::MakeReady, Refusal::Occupied { lease: ADA }.into()),
        (occupied(), take_offline(), Refusal::Occupied { lease: ADA }.into()),
        (vec![created(), leased(ADA, 1, 2)], take_offline(), of_ada.into()),
        (vec![created(), offline()], take_offline(), is_offline.clone().into()),
        (vec![created(), offline()], list(1), is_offline.into()),
        (
            vec![created()],
            Command::TakeOffline { reason: String::new() },
            InputRefusal::TextMissing { field: "reason" }.into(),
        ),
    ];
    for (history, command, refusal) in cases {
        given(history).when(command).then_expect_error(refusal);
    }
}

#[test]
fn details_beyond_belief_are_refused_by_name() {
    let yen = Money::new(1, "JPY".parse().unwrap());
    let wrong = [
        UnitDetails {
            bedrooms: 51,
            ..details()
        },
        UnitDetails {
            half_baths: 101,
            ..details()
        },
        UnitDetails {
            square_feet: Some(0),
            ..details()
        },
        UnitDetails {
            market_rent: usd(-1),
            ..details()
        },
        UnitDetails {
            market_rent: yen,
            ..details()
        },
    ];
    let rules = wrong.map(|details| {
        let command = Command::Create { property: ELM, details };
        let refusal = Unit::default().decide(command, &Context::sample()).unwrap_err();
        crate::Refuse::rule(&refusal)
    });
    assert_eq!(
        rules,
        [
            "number-out-of-range",
            "number-out-of-range",
            "number-out-of-range",
            "amount-negative",
            "wrong-currency"
        ]
    );
}

#[test]
fn a_unit_knows_its_property() {
    let oak = PropertyId(Uuid::from_u128(9));
    let unit = after([created()]);
    assert_eq!(unit.must_be_part_of(ELM), Ok(()));
    assert_eq!(
        unit.must_be_part_of(oak),
        Err(Refusal::OfAnotherProperty { property: ELM })
    );
    assert_eq!(Unit::default().must_be_part_of(ELM), Err(Refusal::Absent));
    assert_eq!(unit.must_exist(), Ok(()));
    assert_eq!(Unit::default().must_exist(), Err(Refusal::Absent));
}
