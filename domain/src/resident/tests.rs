use cqrs_es::{Aggregate, test::TestFramework};
use uuid::Uuid;

use super::{ResidentCommand as Command, ResidentEvent as Event, ResidentRefusal as Refusal, *};
use crate::Refusal as Any;

const ADA: ResidentId = ResidentId(Uuid::from_u128(1));
const LEASE: LeaseId = LeaseId(Uuid::from_u128(2));
const OTHER: LeaseId = LeaseId(Uuid::from_u128(3));
const UNIT: UnitId = UnitId(Uuid::from_u128(4));

fn june(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 6, day).unwrap()
}

fn profile() -> Profile {
    Profile {
        name: PersonName {
            given: "Ada".into(),
            family: "Lovelace".into(),
        },
        contact: Contact {
            email: Some("ada@example.com".into()),
            phone: None,
        },
        birth_date: NaiveDate::from_ymd_opt(1985, 12, 10),
        emergency_contacts: vec![EmergencyContact {
            name: "Charles".into(),
            phone: "+44 20 7946 0000".into(),
            relationship: "friend".into(),
        }],
    }
}

fn bare() -> Profile {
    Profile {
        birth_date: None,
        emergency_contacts: vec![],
        ..profile()
    }
}

fn known() -> Event {
    Event::Created {
        name: Personal::of(ADA, bare().name),
        contact: Personal::of(ADA, bare().contact),
        birth_date: None,
        emergency_contacts: None,
    }
}

fn moved_in(lease: LeaseId) -> Event {
    Event::MovedIn {
        lease,
        unit: UNIT,
        on: june(1),
    }
}

fn moved_out(lease: LeaseId) -> Event {
    Event::MovedOut { lease, on: june(20) }
}

fn erased() -> Event {
    Event::Erased {
        reason: "asked for it".into(),
    }
}

fn erase() -> Command {
    Command::Erase {
        reason: "asked for it".into(),
    }
}

fn create(profile: Profile) -> Command {
    Command::Create { resident: ADA, profile }
}

fn update(profile: Profile) -> Command {
    Command::Update { resident: ADA, profile }
}

fn given(history: Vec<Event>) -> cqrs_es::test::AggregateTestExecutor<Resident> {
    TestFramework::with(Context::sample()).given(history)
}

fn after(history: impl IntoIterator<Item = Event>) -> Resident {
    let mut resident = Resident::default();
    for event in history {
        resident.apply(event);
    }
    resident
}

#[test]
fn all_that_is_known_of_a_person_is_personal() {
    let Profile {
        name,
        contact,
        birth_date,
        emergency_contacts,
    } = profile();
    given(vec![])
        .when(create(profile()))
        .then_expect_events(vec![Event::Created {
            name: Personal::of(ADA, name.clone()),
            contact: Personal::of(ADA, contact.clone()),
            birth_date: birth_date.map(|date| Personal::of(ADA, date)),
            emergency_contacts: Some(Personal::of(ADA, emergency_contacts.clone())),
        }]);
    given(vec![known()])
        .when(update(profile()))
        .then_expect_events(vec![Event::Updated {
            name: Personal::of(ADA, name),
            contact: Personal::of(ADA, contact),
            birth_date: birth_date.map(|date| Personal::of(ADA, date)),
            emergency_contacts: Some(Personal::of(ADA, emergency_contacts)),
        }]);
}

#[test]
fn what_is_not_known_leaves_no_trace() {
    given(vec![]).when(create(bare())).then_expect_events(vec![known()]);
}

#[test]
fn renting_goes_from_applicant_over_current_to_past() {
    let steps = [
        (known(), Standing::Applicant),
        (moved_in(LEASE), Standing::Current),
        (moved_in(OTHER), Standing::Current),
        (moved_out(LEASE), Standing::Current),
        (moved_out(OTHER), Standing::Past),
        (erased(), Standing::Past),
    ];
    let mut resident = Resident::default();
    assert_eq!(resident.standing(), None);
    for (event, standing) in steps {
        resident.apply(event);
        assert_eq!(resident.standing(), Some(standing));
    }
}

#[test]
fn moving_in_notice_and_moving_out_follow_the_lease() {
    let applicant = after([known()]);
    assert_eq!(applicant.move_in(LEASE, UNIT, june(1)), Ok(vec![moved_in(LEASE)]));
    let current = after([known(), moved_in(LEASE)]);
    assert_eq!(
        current.move_in(LEASE, UNIT, june(2)),
        Err(Refusal::Current { lease: LEASE })
    );
    assert_eq!(current.move_in(OTHER, UNIT, june(1)), Ok(vec![moved_in(OTHER)]));
    let notice = |day| Event::NoticeGiven {
        lease: LEASE,
        ends: june(day),
    };
    assert_eq!(current.give_notice(LEASE, june(20)), Ok(vec![notice(20)]));
    let leaving = after([known(), moved_in(OTHER), moved_in(LEASE), notice(20)]);
    assert_eq!(leaving.give_notice(LEASE, june(20)), Ok(vec![]), "it is the same");
    assert_eq!(leaving.give_notice(LEASE, june(25)), Ok(vec![notice(25)]));
    assert!(
        !leaving.give_notice(OTHER, june(20)).unwrap().is_empty(),
        "notice was of the other lease"
    );
    assert_eq!(leaving.move_out(LEASE, june(20)), Ok(vec![moved_out(LEASE)]));
}

#[test]
fn who_does_not_live_here_can_not_leave() {
    let stranger = Refusal::NotCurrent { lease: LEASE };
    let resident = after([known(), moved_in(OTHER)]);
    assert_eq!(resident.give_notice(LEASE, june(20)), Err(stranger.clone()));
    assert_eq!(resident.move_out(LEASE, june(20)), Err(stranger));
    assert_eq!(Resident::default().move_out(LEASE, june(20)), Err(Refusal::Absent));
}

#[test]
fn data_is_erased_once_nobody_lives_here() {
    for history in [vec![known()], vec![known(), moved_in(LEASE), moved_out(LEASE)]] {
        given(history).when(erase()).then_expect_events(vec![erased()]);
    }
    given(vec![known(), moved_in(LEASE)])
        .when(erase())
        .then_expect_error(Refusal::Current { lease: LEASE }.into());
    assert!(after([known(), erased()]).is_erased());
    assert!(!after([known()]).is_erased());
}

#[test]
fn nothing_is_recorded_about_someone_unknown_or_erased() {
    for (history, refusal) in [(vec![], Refusal::Absent), (vec![known(), erased()], Refusal::Erased)] {
        for command in [update(bare()), erase()] {
            given(history.clone())
                .when(command)
                .then_expect_error(refusal.clone().into());
        }
        assert_eq!(after(history).move_in(LEASE, UNIT, june(1)), Err(refusal));
    }
    given(vec![known()])
        .when(create(bare()))
        .then_expect_error(Refusal::Exists.into());
}

#[test]
fn a_profile_is_checked_field_by_field() {
    let tomorrow = Profile {
        birth_date: Some(june(2)),
        ..bare()
    };
    let born_today = Profile {
        birth_date: Some(june(1)),
        ..bare()
    };
    given(vec![known()])
        .when(update(tomorrow))
        .then_expect_error(malformed_birth_date());
    assert!(
        Resident::default()
            .decide(create(born_today), &Context::sample())
            .is_ok()
    );
    let contact = profile().emergency_contacts.remove(0);
    let crowd = |count| Profile {
        emergency_contacts: vec![contact.clone(); count],
        ..bare()
    };
    assert!(
        Resident::default()
            .decide(create(crowd(10)), &Context::sample())
            .is_ok()
    );
    given(vec![]).when(create(crowd(11))).then_expect_error(
        InputRefusal::TooMany {
            field: "emergency_contacts",
            count: 11,
            limit: 10,
        }
        .into(),
    );
    given(vec![])
        .when(erase_without_reason())
        .then_expect_error(Refusal::Absent.into());
    given(vec![known()])
        .when(erase_without_reason())
        .then_expect_error(InputRefusal::TextMissing { field: "reason" }.into());
}

fn erase_without_reason() -> Command {
    Command::Erase { reason: String::new() }
}

fn malformed_birth_date() -> Any {
    InputRefusal::Malformed {
        field: "birth_date",
        expected: "a day that is past",
    }
    .into()
}
