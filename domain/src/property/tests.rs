use cqrs_es::{Aggregate, test::TestFramework};
use uuid::Uuid;

use super::{PropertyCommand as Command, PropertyEvent as Event, PropertyRefusal as Refusal, *};
use crate::{Refusal as Any, Refuse};

const FIRST: UnitId = UnitId(Uuid::from_u128(1));
const SECOND: UnitId = UnitId(Uuid::from_u128(2));

pub(crate) fn details() -> PropertyDetails {
    PropertyDetails {
        name: "Elm Court".into(),
        address: Address {
            street: "12 Elm Street".into(),
            city: "Springfield".into(),
            region: "IL".into(),
            postal_code: "62701".into(),
            country: "US".into(),
        },
        kind: PropertyKind::MultiFamily,
        year_built: Some(1974),
        amenities: vec!["laundry".into()],
    }
}

fn created() -> Event {
    Event::Created { details: details() }
}

fn numbered(unit: UnitId, number: &str) -> Event {
    Event::UnitNumbered {
        unit,
        number: number.into(),
    }
}

fn offboarded() -> Event {
    Event::Offboarded {
        on: Context::sample().effective_on,
        reason: "sold".into(),
    }
}

fn offboard() -> Command {
    Command::Offboard { reason: "sold".into() }
}

fn given(history: Vec<Event>) -> cqrs_es::test::AggregateTestExecutor<Property> {
    TestFramework::with(Context::sample()).given(history)
}

fn after(history: impl IntoIterator<Item = Event>) -> Property {
    let mut property = Property::default();
    for event in history {
        property.apply(event);
    }
    property
}

#[test]
fn a_property_comes_changes_and_goes() {
    let renamed = PropertyDetails {
        name: "Elm House".into(),
        ..details()
    };
    given(vec![])
        .when(Command::Create { details: details() })
        .then_expect_events(vec![created()]);
    given(vec![created()])
        .when(Command::Update {
            details: renamed.clone(),
        })
        .then_expect_events(vec![Event::Updated {
            details: renamed.clone(),
        }]);
    given(vec![created(), Event::Updated { details: renamed }])
        .when(Command::Update { details: details() })
        .then_expect_events(vec![Event::Updated { details: details() }]);
    given(vec![created()])
        .when(offboard())
        .then_expect_events(vec![offboarded()]);
}

#[test]
fn a_number_belongs_to_one_unit() {
    let property = after([created(), numbered(FIRST, "101")]);
    assert_eq!(property.number_unit(SECOND, "102"), Ok(vec![numbered(SECOND, "102")]));
    assert_eq!(property.number_unit(FIRST, "103"), Ok(vec![numbered(FIRST, "103")]));
    assert_eq!(property.number_unit(FIRST, "101"), Ok(vec![]), "it has it already");
    assert_eq!(
        property.number_unit(SECOND, " 101 "),
        Err(Refusal::NumberTaken {
            number: "101".into(),
            unit: FIRST
        })
    );
}

#[test]
fn a_number_that_was_given_up_can_be_taken() {
    let property = after([created(), numbered(FIRST, "101"), numbered(FIRST, "201")]);
    assert_eq!(property.number_unit(SECOND, "101"), Ok(vec![numbered(SECOND, "101")]));
    assert_eq!(property.units().collect::<Vec<_>>(), [FIRST]);
}

#[test]
fn refusals_say_which_rule_and_with_which_values() {
    let gone = Refusal::Offboarded {
        on: Context::sample().effective_on,
    };
    let update = || Command::Update { details: details() };
    let cases: Vec<(Vec<Event>, Command, Any)> = vec![
        (vec![], update(), Refusal::Absent.into()),
        (vec![], offboard(), Refusal::Absent.into()),
        (
            vec![created()],
            Command::Create { details: details() },
            Refusal::Exists.into(),
        ),
        (vec![created()], update(), Refusal::Unchanged.into()),
        (
            vec![created()],
            Command::Offboard { reason: String::new() },
            InputRefusal::TextMissing { field: "reason" }.into(),
        ),
        (vec![created(), offboarded()], update(), gone.clone().into()),
        (vec![created(), offboarded()], offboard(), gone.clone().into()),
    ];
    for (history, command, refusal) in cases {
        given(history).when(command).then_expect_error(refusal);
    }
    assert_eq!(Property::default().number_unit(FIRST, "1"), Err(Refusal::Absent));
    assert_eq!(after([created(), offboarded()]).number_unit(FIRST, "1"), Err(gone));
}

#[test]
fn details_are_checked_field_by_field() {
    let with_address = |change: fn(&mut Address)| {
        let mut wrong = details();
        change(&mut wrong.address);
        wrong
    };
    let built = |year| PropertyDetails {
        year_built: Some(year),
        ..details()
    };
    let wrong = [
        PropertyDetails {
            name: String::new(),
            ..details()
        },
        with_address(|address| address.street.clear()),
        with_address(|address| address.city.clear()),
        with_address(|address| address.region.clear()),
        with_address(|address| address.postal_code.clear()),
        with_address(|address| address.country = "us".into()),
        with_address(|address| address.country = "USA".into()),
        built(999),
        built(2037),
        PropertyDetails {
            amenities: vec!["pool".into(), "pool".into()],
            ..details()
        },
    ];
    let rules = wrong.map(|details| {
        let create = Command::Create { details };
        Property::default().decide(create, &Context::sample()).unwrap_err()
    });
    assert_eq!(
        rules.each_ref().map(Refuse::rule),
        [
            "text-missing",
            "text-missing",
            "text-missing",
            "text-missing",
            "text-missing",
            "text-malformed",
            "text-malformed",
            "number-out-of-range",
            "number-out-of-range",
            "listed-twice"
        ]
    );
    for year in [1000, 2036] {
        let create = Command::Create { details: built(year) };
        assert!(Property::default().decide(create, &Context::sample()).is_ok(), "{year}");
    }
}
