use cqrs_es::Aggregate;
use uuid::Uuid;

use super::*;
use crate::{
    ids::LeaseId,
    money::{Currency, Money},
    property::{Address, PropertyDetails, PropertyKind},
    span::Span,
};

const ELM: PropertyId = PropertyId(Uuid::from_u128(1));
const OAK: PropertyId = PropertyId(Uuid::from_u128(2));
const FIRST: UnitId = UnitId(Uuid::from_u128(3));
const SECOND: UnitId = UnitId(Uuid::from_u128(4));
const LEASE: LeaseId = LeaseId(Uuid::from_u128(5));

fn details(number: &str) -> UnitDetails {
    UnitDetails {
        number: number.into(),
        bedrooms: 1,
        half_baths: 2,
        square_feet: None,
        market_rent: Money::new(120_000, Currency::USD),
    }
}

fn property(then: impl IntoIterator<Item = PropertyEvent>) -> Property {
    let mut property = Property::default();
    property.apply(PropertyEvent::Created {
        details: PropertyDetails {
            name: "Elm Court".into(),
            address: Address {
                street: "12 Elm Street".into(),
                city: "Springfield".into(),
                region: "IL".into(),
                postal_code: "62701".into(),
                country: "US".into(),
            },
            kind: PropertyKind::MultiFamily,
            year_built: None,
            amenities: vec![],
        },
    });
    for event in then {
        property.apply(event);
    }
    property
}

fn unit(then: impl IntoIterator<Item = UnitEvent>) -> Unit {
    let mut unit = Unit::default();
    unit.apply(UnitEvent::Created {
        property: ELM,
        details: details("101"),
    });
    for event in then {
        unit.apply(event);
    }
    unit
}

fn numbered(unit: UnitId, number: &str) -> PropertyEvent {
    PropertyEvent::UnitNumbered {
        unit,
        number: number.into(),
    }
}

fn left() -> PropertyEvent {
    PropertyEvent::Offboarded {
        on: Context::sample().effective_on,
        reason: "sold".into(),
    }
}

fn gone() -> Refusal {
    let on = Context::sample().effective_on;
    PropertyRefusal::Offboarded { on }.into()
}

fn offline() -> UnitEvent {
    UnitEvent::TakenOffline { reason: "sold".into() }
}

fn leased_from(from: chrono::NaiveDate) -> UnitEvent {
    UnitEvent::Leased {
        lease: LEASE,
        span: Span::open(from),
        on_notice: false,
    }
}

#[test]
fn a_unit_and_its_property_record_each_other() {
    let context = Context::sample();
    let created = create_unit(
        (ELM, &property([])),
        (FIRST, &Unit::default()),
        details("101"),
        &context,
    );
    assert_eq!(
        created,
        Ok((
            vec![numbered(FIRST, "101")],
            vec![UnitEvent::Created {
                property: ELM,
                details: details("101")
            }]
        ))
    );
}

#[test]
fn a_unit_is_not_created_under_a_number_that_is_taken_or_a_property_that_left() {
    let context = Context::sample();
    let create =
        |property: &Property| create_unit((ELM, property), (SECOND, &Unit::default()), details("101"), &context);
    let taken = PropertyRefusal::NumberTaken {
        number: "101".into(),
        unit: FIRST,
    };
    assert_eq!(create(&property([numbered(FIRST, "101")])), Err(taken.into()));
    assert_eq!(create(&property([left()])), Err(gone()));
    assert_eq!(create(&Property::default()), Err(PropertyRefusal::Absent.into()));
}

#[test]
fn another_number_is_recorded_with_the_property_too() {
    let context = Context::sample();
    let property = property([numbered(FIRST, "101")]);
    let update = |details| update_unit((ELM, &property), (FIRST, &unit([])), details, &context);
    let updated = |details| vec![UnitEvent::Updated { details }];
    assert_eq!(
        update(details("201")),
        Ok((vec![numbered(FIRST, "201")], updated(details("201"))))
    );
    let larger = UnitDetails {
        bedrooms: 3,
        ..details("101")
    };
    assert_eq!(update(larger.clone()), Ok((vec![], updated(larger))));
    assert_eq!(update(details("101")), Err(UnitRefusal::Unchanged.into()));
    assert_eq!(
        update_unit((OAK, &property), (FIRST, &unit([])), details("201"), &context),
        Err(UnitRefusal::OfAnotherProperty { property: ELM }.into())
    );
}

#[test]
fn a_unit_is_made_ready_while_its_property_is_managed() {
    let context = Context::sample();
    assert_eq!(
        make_unit_ready(&property([]), &unit([offline()]), &context),
        Ok(vec![UnitEvent::MadeReady])
    );
    assert_eq!(
        make_unit_ready(&property([left()]), &unit([offline()]), &context),
        Err(gone())
    );
    assert_eq!(
        make_unit_ready(&property([]), &Unit::default(), &context),
        Err(UnitRefusal::Absent.into())
    );
}

#[test]
fn a_property_takes_its_units_with_it() {
    let context = Context::sample();
    let (first, second) = (unit([]), unit([offline()]));
    let units = [(FIRST, &first), (SECOND, &second)];
    assert_eq!(
        offboard_property(&property([]), &units, "sold", &context),
        Ok((vec![left()], vec![(FIRST, vec![offline()])])),
        "the second is offline already"
    );
    assert_eq!(
        offboard_property(&property([left()]), &units, "sold", &context),
        Err(gone())
    );
}

#[test]
fn a_property_stays_while_one_of_its_units_is_leased_or_occupied() {
    let context = Context::sample();
    let today = context.effective_on;
    let later = leased_from(today + chrono::Days::new(30));
    let ended = UnitEvent::Leased {
        lease: LEASE,
        span: Span::new(today - chrono::Days::new(30), today),
        on_notice: true,
    };
    let leave = |unit: &Unit| offboard_property(&property([]), &[(FIRST, unit)], "sold", &context);
    let in_use = Refusal::from(PropertyRefusal::UnitInUse {
        unit: FIRST,
        lease: LEASE,
    });
    assert_eq!(leave(&unit([later])), Err(in_use.clone()));
    assert_eq!(
        leave(&unit([ended.clone(), UnitEvent::Occupied { lease: LEASE }])),
        Err(in_use)
    );
    assert!(leave(&unit([ended])).is_ok());
}
