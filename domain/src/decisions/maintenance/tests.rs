use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::*;
use crate::{
    ids::{ResidentId, UnitId},
    maintenance_request::{Priority, RequestRefusal},
    money::{Currency, Money},
    personal::{Contact, PersonName, Personal},
    property::{Address, PropertyDetails, PropertyEvent, PropertyKind, PropertyRefusal},
    resident::{ResidentEvent, ResidentRefusal},
    unit::{UnitDetails, UnitEvent, UnitRefusal},
    vendor::{VendorEvent, VendorRefusal},
    work_order::{SlaClock, WorkOrderRefusal},
};

const ELM: PropertyId = PropertyId(Uuid::from_u128(1));
const OAK: PropertyId = PropertyId(Uuid::from_u128(2));
const KITCHEN: UnitId = UnitId(Uuid::from_u128(3));
const ADA: ResidentId = ResidentId(Uuid::from_u128(4));
const PLUMBER: VendorId = VendorId(Uuid::from_u128(5));
const REQUEST: RequestId = RequestId(Uuid::from_u128(6));
const REPAIR: WorkOrderId = WorkOrderId(Uuid::from_u128(7));

fn folded<A: Aggregate>(events: impl IntoIterator<Item = A::Event>) -> A {
    let mut state = A::default();
    for event in events {
        state.apply(event);
    }
    state
}

fn elm() -> PropertyEvent {
    PropertyEvent::Created {
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
    }
}

fn kitchen_of(property: PropertyId) -> Unit {
    folded([UnitEvent::Created {
        property,
        details: UnitDetails {
            number: "101".into(),
            bedrooms: 1,
            half_baths: 2,
            square_feet: None,
            market_rent: Money::new(120_000, Currency::USD),
        },
    }])
}

fn ada() -> ResidentEvent {
    let name = PersonName {
        given: "Ada".into(),
        family: "Lovelace".into(),
    };
    ResidentEvent::Created {
        name: Personal::of(ADA, name),
        contact: Personal::of(ADA, Contact::default()),
        birth_date: None,
        emergency_contacts: None,
    }
}

fn plumber() -> VendorEvent {
    VendorEvent::Created {
        name: Personal::of(PLUMBER, "Drip & Sons".to_owned()),
        contact: Personal::of(PLUMBER, Contact::default()),
        trades: vec![],
        insured_through: None,
    }
}

fn work() -> Work {
    Work {
        property: ELM,
        unit: Some(KITCHEN),
        category: "plumbing".into(),
        priority: Priority::High,
        summary: "The tap drips".into(),
        description: "Since Sunday.".into(),
    }
}

fn report() -> Report {
    let Work {
        property,
        unit,
        category,
        priority,
        summary,
        description,
    } = work();
    Report {
        property,
        unit,
        resident: Some(ADA),
        category,
        priority,
        summary,
        description,
        permission_to_enter: false,
    }
}

fn hours(hours: i64) -> DateTime<Utc> {
    Context::sample().occurred_at + TimeDelta::hours(hours)
}

fn after_hours(later: i64) -> Context {
    Context {
        occurred_at: hours(later),
        ..Context::sample()
    }
}

fn submitted() -> Vec<MaintenanceRequestEvent> {
    MaintenanceRequest::default()
        .decide(RequestCommand::Submit(report()), &Context::sample())
        .unwrap()
}

fn convert_at(later: i64, request: &MaintenanceRequest, vendor: &Vendor) -> Result<RequestAndWork, Refusal> {
    convert_request(
        (REQUEST, request),
        (REPAIR, &WorkOrder::default()),
        (PLUMBER, vendor),
        &after_hours(later),
    )
}

/// A request and its work order, an hour after the report.
fn converted() -> RequestAndWork {
    let (of_request, of_work) = convert_at(1, &folded(submitted()), &folded([plumber()])).unwrap();
    let mut request = submitted();
    request.extend(of_request);
    (request, of_work)
}

#[test]
fn a_report_names_places_and_persons_that_exist() {
    let (property, unit, resident): (Property, Unit, Resident) = (folded([elm()]), kitchen_of(ELM), folded([ada()]));
    let submit = |places: (&Property, Option<&Unit>, Option<&Resident>)| {
        submit_request(&MaintenanceRequest::default(), places, report(), &Context::sample())
    };
    assert_eq!(submit((&property, Some(&unit), Some(&resident))), Ok(submitted()));
    assert_eq!(
        submit((&property, None, None)),
        Ok(submitted()),
        "a common area, reported by the office"
    );
    let erased = folded([ada(), ResidentEvent::Erased { reason: "asked".into() }]);
    let left = folded([
        elm(),
        PropertyEvent::Offboarded {
            on: Context::sample().effective_on,
            reason: "sold".into(),
        },
    ]);
    let cases: [(_, Refusal); 5] = [
        (
            (&Property::default(), Some(&unit), None),
            PropertyRefusal::Absent.into(),
        ),
        (
            (&left, None, None),
            PropertyRefusal::Offboarded {
                on: Context::sample().effective_on,
            }
            .into(),
        ),
        (
            (&property, Some(&kitchen_of(OAK)), None),
            UnitRefusal::OfAnotherProperty { property: OAK }.into(),
        ),
        ((&property, Some(&Unit::default()), None), UnitRefusal::Absent.into()),
        ((&property, Some(&unit), Some(&erased)), ResidentRefusal::Erased.into()),
    ];
    for (places, refusal) in cases {
        assert_eq!(submit(places), Err(refusal));
    }
}

#[test]
fn a_repair_needs_a_place_too() {
    let property: Property = folded([elm()]);
    let create = |property: &Property, unit: Option<&Unit>| {
        create_work_order(&WorkOrder::default(), (property, unit), work(), &Context::sample())
    };
    let created = WorkOrder::default()
        .decide(WorkOrderCommand::Create(work()), &Context::sample())
        .unwrap();
    assert_eq!(create(&property, Some(&kitchen_of(ELM))), Ok(created));
    assert_eq!(create(&Property::default(), None), Err(PropertyRefusal::Absent.into()));
    assert_eq!(
        create(&property, Some(&kitchen_of(OAK))),
        Err(UnitRefusal::OfAnotherProperty { property: OAK }.into())
    );
}

#[test]
fn a_request_becomes_a_work_order_with_a_vendor_and_the_same_deadlines() {
    let (of_request, of_work) = convert_at(1, &folded(submitted()), &folded([plumber()])).unwrap();
    assert_eq!(of_request, [MaintenanceRequestEvent::Converted { work_order: REPAIR }]);
    let MaintenanceRequestEvent::Submitted { deadlines, .. } = submitted().remove(0) else {
        panic!("a report comes first");
    };
    let Work {
        property,
        unit,
        category,
        priority,
        summary,
        description,
    } = work();
    let created = WorkOrderEvent::Created {
        property,
        unit,
        request: Some(REQUEST),
        category,
        priority,
        summary,
        description,
        deadlines,
        breached: vec![],
    };
    assert_eq!(of_work, [created, WorkOrderEvent::Assigned { vendor: PLUMBER }]);
}

#[test]
fn a_late_conversion_is_recorded_once() {
    let late = WorkOrderEvent::SlaBreached {
        clock: SlaClock::Response,
        due: hours(4),
    };
    let (_, of_work) = convert_at(5, &folded(submitted()), &folded([plumber()])).unwrap();
    assert_eq!(of_work.len(), 3);
    assert_eq!(of_work[1], late);
    let mut known = submitted();
    known.extend(folded::<MaintenanceRequest>(submitted()).breaches(hours(5)));
    let (_, of_work) = convert_at(5, &folded(known), &folded([plumber()])).unwrap();
    assert_eq!(of_work.len(), 2, "the request recorded it already");
}

#[test]
fn a_request_is_converted_once_and_by_a_vendor_that_may_work() {
    let blocked = folded([plumber(), VendorEvent::Blocked { reason: "late".into() }]);
    assert_eq!(
        convert_at(1, &folded(submitted()), &blocked),
        Err(VendorRefusal::Blocked { reason: "late".into() }.into())
    );
    assert_eq!(
        convert_at(1, &folded(converted().0), &folded([plumber()])),
        Err(RequestRefusal::Converted { work_order: REPAIR }.into())
    );
}

#[test]
fn resolving_a_request_settles_its_work_order() {
    let resolved = vec![MaintenanceRequestEvent::Resolved {
        resolution: "new washer".into(),
    }];
    let context = after_hours(2);
    let (request, work) = converted();
    let (request, work_order): (MaintenanceRequest, WorkOrder) = (folded(request), folded(work));
    assert_eq!(
        resolve_request(&request, Some(&work_order), "new washer", &context),
        Ok((
            resolved.clone(),
            vec![
                WorkOrderEvent::WorkDone {
                    notes: "new washer".into()
                },
                WorkOrderEvent::Completed { vendor: Some(PLUMBER) }
            ]
        ))
    );
    assert_eq!(
        resolve_request(&folded(submitted()), None, "new washer", &context),
        Ok((resolved, vec![]))
    );
    assert_eq!(
        resolve_request(&MaintenanceRequest::default(), None, "new washer", &context),
        Err(RequestRefusal::Absent.into())
    );
}

#[test]
fn a_repair_that_was_not_done_reopens_the_request_that_was_resolved_with_it() {
    let context = after_hours(2);
    let (mut of_request, mut of_work) = converted();
    let (resolved, settled) = resolve_request(
        &folded(of_request.clone()),
        Some(&folded(of_work.clone())),
        "done",
        &context,
    )
    .unwrap();
    of_work.extend(settled);
    let work_order: WorkOrder = folded(of_work);
    let reopen = |id, request: Option<&MaintenanceRequest>| {
        reopen_work_order((id, &work_order), request, "drips again".into(), &context).unwrap()
    };
    let still_open: MaintenanceRequest = folded(of_request.clone());
    assert_eq!(reopen(REPAIR, Some(&still_open)).0, []);
    of_request.extend(resolved);
    let request: MaintenanceRequest = folded(of_request);
    let (reopened, work_reopened) = reopen(REPAIR, Some(&request));
    assert!(matches!(
        &reopened[..],
        [MaintenanceRequestEvent::Reopened {
            work_order: Some(REPAIR),
            ..
        }]
    ));
    assert!(matches!(&work_reopened[..], [WorkOrderEvent::Reopened { .. }]));
    let another = WorkOrderId(Uuid::from_u128(99));
    assert_eq!(
        reopen(another, Some(&request)).0,
        [],
        "it was resolved with another work order"
    );
    assert_eq!(reopen(REPAIR, None).0, []);
}

#[test]
fn an_open_repair_is_not_reopened() {
    let work_order: WorkOrder = folded(converted().1);
    assert_eq!(
        reopen_work_order((REPAIR, &work_order), None, "why".into(), &after_hours(2)),
        Err(WorkOrderRefusal::NotDone.into())
    );
}
