use cqrs_es::{Aggregate, test::TestFramework};
use proptest::prelude::*;
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
fn a_lease_takes_only_days_that_no_other_has() {
    let unit = after([created(), leased(ADA, 5, 10)]);
    let take = |from, to| unit.take(BOB, Span::new(june(from), june(to)), false);
    let refused = Err(Refusal::Leased {
        lease: ADA,
        span: Span::new(june(5), june(10)),
    });
    assert_eq!(take(1, 5), Ok(vec![leased(BOB, 1, 5)]));
    assert_eq!(take(10, 12), Ok(vec![leased(BOB, 10, 12)]));
    assert_eq!(take(1, 6), refused);
    assert_eq!(take(9, 12), refused);
    let nothing = Span::new(june(1), june(1));
    assert_eq!(unit.take(BOB, nothing, false), Err(Refusal::NoDays { span: nothing }));
}

#[test]
fn a_lease_that_has_days_may_have_others_instead() {
    let unit = after([created(), leased(ADA, 5, 10), leased(BOB, 10, 20)]);
    let take = |from, to| unit.take(ADA, Span::new(june(from), june(to)), false);
    assert_eq!(take(5, 10), Ok(vec![]), "they are the same");
    assert_eq!(take(5, 8), Ok(vec![leased(ADA, 5, 8)]));
    assert_eq!(
        take(5, 5),
        Ok(vec![leased(ADA, 5, 5)]),
        "it was given up before it began"
    );
    assert!(take(5, 11).is_err());
    assert_eq!(
        after([created(), leased(ADA, 5, 10), leased(ADA, 5, 8)]).tenures.len(),
        1
    );
}

#[test]
fn an_absent_or_offline_unit_is_not_leased_anew() {
    let span = Span::new(june(1), june(2));
    assert_eq!(Unit::default().take(ADA, span, false), Err(Refusal::Absent));
    assert_eq!(
        after([created(), offline()]).take(ADA, span, false),
        Err(Refusal::Offline { reason: "fire".into() })
    );
}

#[test]
fn days_are_given_back_until_somebody_moves_in() {
    let signed = after([created(), leased(ADA, 1, 10)]);
    assert_eq!(signed.release(ADA), Ok(vec![Event::Released { lease: ADA }]));
    assert_eq!(signed.release(BOB), Err(Refusal::NotLeased { lease: BOB }));
    let mut occupied = signed.clone();
    occupied.apply(Event::Occupied { lease: ADA });
    assert_eq!(occupied.release(ADA), Err(Refusal::Occupied { lease: ADA }));
    let mut released = signed;
    released.apply(Event::Released { lease: ADA });
    assert_eq!(released.tenure(ADA), None);
}

#[test]
fn residents_move_in_under_a_lease_that_has_the_unit_once() {
    let unit = after([created(), leased(ADA, 1, 10), leased(BOB, 10, 20)]);
    assert_eq!(unit.move_in(ADA), Ok(vec![Event::Occupied { lease: ADA }]));
    let stranger = LeaseId(Uuid::from_u128(4));
    assert_eq!(unit.move_in(stranger), Err(Refusal::NotLeased { lease: stranger }));
    assert_eq!(Unit::default().move_in(ADA), Err(Refusal::Absent));
    let mut occupied = unit;
    occupied.apply(Event::Occupied { lease: ADA });
    for lease in [ADA, BOB] {
        assert_eq!(occupied.move_in(lease), Err(Refusal::Occupied { lease: ADA }));
    }
}

#[test]
fn moving_out_ends_the_days_of_the_lease() {
    let unit = after([created(), leased(ADA, 1, 20), Event::Occupied { lease: ADA }]);
    let vacated = Event::Vacated { lease: ADA };
    let ended = Event::Leased {
        lease: ADA,
        span: Span::new(june(1), june(15)),
        on_notice: true,
    };
    assert_eq!(unit.move_out(ADA, june(15)), Ok(vec![ended.clone(), vacated.clone()]));
    assert_eq!(unit.move_out(BOB, june(15)), Err(Refusal::NotOccupied { lease: BOB }));
    let mut on_notice = unit;
    on_notice.apply(ended);
    assert_eq!(on_notice.move_out(ADA, june(15)), Ok(vec![vacated]));
}

#[test]
fn staying_longer_than_the_successor_allows_is_refused() {
    let unit = after([
        created(),
        leased(ADA, 1, 10),
        Event::Occupied { lease: ADA },
        leased(BOB, 10, 20),
    ]);
    assert!(unit.move_out(ADA, june(11)).is_err());
    assert!(unit.move_out(ADA, june(10)).is_ok());
}

#[test]
fn a_successor_begins_when_the_lease_ends_or_later() {
    let unit = after([created(), leased(ADA, 1, 10), leased(BOB, 10, 20)]);
    assert!(unit.has_successor(ADA, june(10)));
    assert!(!unit.has_successor(ADA, june(11)));
    assert!(!unit.has_successor(BOB, june(20)));
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

#[derive(Debug, Clone, Copy)]
enum Step {
    Take { lease: u128, from: u32, length: u32 },
    Release { lease: u128 },
    MoveIn { lease: u128 },
    MoveOut { lease: u128, on: u32 },
    MakeReady,
    TakeOffline,
}

fn any_step() -> impl Strategy<Value = Step> {
    let lease = 0_u128..4;
    prop_oneof![
        4 => (lease.clone(), 1_u32..28, 0_u32..8).prop_map(|(lease, from, length)| Step::Take { lease, from, length }),
        1 => lease.clone().prop_map(|lease| Step::Release { lease }),
        2 => lease.clone().prop_map(|lease| Step::MoveIn { lease }),
        2 => (lease, 1_u32..30).prop_map(|(lease, on)| Step::MoveOut { lease, on }),
        1 => Just(Step::MakeReady),
        1 => Just(Step::TakeOffline),
    ]
}

fn take_step(unit: &Unit, step: Step) -> Vec<Event> {
    let id = |lease| LeaseId(Uuid::from_u128(lease));
    let start = june(1);
    let decided = match step {
        Step::Take { lease, from, length } => {
            let from = start + chrono::Days::new(u64::from(from));
            unit.take(
                id(lease),
                Span::new(from, from + chrono::Days::new(u64::from(length))),
                false,
            )
        }
        Step::Release { lease } => unit.release(id(lease)),
        Step::MoveIn { lease } => unit.move_in(id(lease)),
        Step::MoveOut { lease, on } => unit.move_out(id(lease), june(on)),
        Step::MakeReady => return unit.decide(Command::MakeReady, &Context::sample()).unwrap_or_default(),
        Step::TakeOffline => {
            let command = Command::TakeOffline { reason: "fire".into() };
            return unit.decide(command, &Context::sample()).unwrap_or_default();
        }
    };
    decided.unwrap_or_default()
}

proptest! {
    #[test]
    fn no_two_leases_ever_have_the_same_day_and_nobody_lives_there_without_one(
        steps in prop::collection::vec(any_step(), 0..60),
    ) {
        let mut unit = after([created()]);
        for step in steps {
            for event in take_step(&unit, step) {
                unit.apply(event);
            }
            for (index, tenure) in unit.tenures.iter().enumerate() {
                prop_assert!(unit.tenures[index + 1..].iter().all(|other| !tenure.span.overlaps(other.span)));
            }
            if let Some(lease) = unit.occupied_by() {
                prop_assert!(unit.tenure(lease).is_some());
                prop_assert_ne!(unit.status(), Some(UnitStatus::Offline));
            }
        }
    }
}
