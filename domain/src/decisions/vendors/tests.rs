use cqrs_es::Aggregate;
use uuid::Uuid;

use super::*;
use crate::{
    ids::PropertyId,
    maintenance_request::Priority,
    personal::{Contact, Personal},
    vendor::{VendorEvent, VendorRefusal},
    work_order::{Work, WorkOrderRefusal},
};

const PLUMBER: VendorId = VendorId(Uuid::from_u128(1));

fn active() -> Vendor {
    let mut vendor = Vendor::default();
    vendor.apply(VendorEvent::Created {
        name: Personal::of(PLUMBER, "Drip & Sons".to_owned()),
        contact: Personal::of(PLUMBER, Contact::default()),
        trades: vec![],
        insured_through: None,
    });
    vendor
}

fn blocked() -> Vendor {
    let mut vendor = active();
    vendor.apply(VendorEvent::Blocked {
        reason: "no insurance".into(),
    });
    vendor
}

fn begun() -> WorkOrder {
    let work = Work {
        property: PropertyId(Uuid::from_u128(2)),
        unit: None,
        category: "plumbing".into(),
        priority: Priority::Low,
        summary: "leak".into(),
        description: "leak".into(),
    };
    let mut work_order = WorkOrder::default();
    for event in work_order
        .decide(WorkOrderCommand::Create(work), &Context::sample())
        .unwrap()
    {
        work_order.apply(event);
    }
    work_order
}

#[test]
fn an_active_vendor_is_assigned_or_asked_for_an_estimate() {
    let context = Context::sample();
    assert_eq!(
        assign_vendor(&begun(), (PLUMBER, &active()), &context),
        Ok(vec![WorkOrderEvent::Assigned { vendor: PLUMBER }])
    );
    assert_eq!(
        request_estimate(&begun(), (PLUMBER, &active()), &context),
        Ok(vec![WorkOrderEvent::EstimateRequested { vendor: PLUMBER }])
    );
}

#[test]
fn a_vendor_that_is_blocked_or_unknown_is_refused_with_the_reason() {
    let context = Context::sample();
    let is_blocked = VendorRefusal::Blocked {
        reason: "no insurance".into(),
    };
    for (vendor, refusal) in [(blocked(), is_blocked), (Vendor::default(), VendorRefusal::Absent)] {
        assert_eq!(
            assign_vendor(&begun(), (PLUMBER, &vendor), &context),
            Err(refusal.clone().into())
        );
        assert_eq!(
            request_estimate(&begun(), (PLUMBER, &vendor), &context),
            Err(refusal.into())
        );
    }
}

#[test]
fn the_work_order_has_its_say() {
    let nothing = WorkOrder::default();
    assert_eq!(
        assign_vendor(&nothing, (PLUMBER, &active()), &Context::sample()),
        Err(WorkOrderRefusal::Absent.into())
    );
}
