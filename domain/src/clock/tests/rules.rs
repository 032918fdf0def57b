//! What time asks for.

use uuid::Uuid;

use super::*;
use crate::{
    Root,
    ids::{PropertyId, VendorId},
    lease::{ChargeKind, Lease, LeaseEvent, Terms},
    maintenance_request::{MaintenanceRequest, MaintenanceRequestEvent, Priority, Report, RequestCommand},
    money::{Currency, Money},
    personal::{Contact, Personal},
    settings::Settings,
    span::{Span, days_after},
    vendor::{Vendor, VendorEvent},
    work_order::{SlaClock, Work, WorkOrder, WorkOrderCommand, WorkOrderEvent},
};

fn usual() -> Settings {
    Settings::usual(Currency::USD, New_York)
}

/// June 2026 to May 2027, a thousand due on the first.
fn lease(more: Vec<LeaseEvent>) -> Lease {
    let created = LeaseEvent::Created {
        property: Uuid::from_u128(1).into(),
        unit: Uuid::from_u128(2).into(),
        terms: Terms {
            residents: vec![Uuid::from_u128(3).into()],
            term: Span::new(day("2026-06-01"), day("2027-06-01")),
            rent: Money::new(100_000, Currency::USD),
            rent_tax: None,
            due_day: 1,
        },
    };
    std::iter::once(created)
        .chain(more)
        .fold(Lease::default(), |mut lease, event| {
            lease.apply(event);
            lease
        })
}

fn signed() -> LeaseEvent {
    LeaseEvent::Signed { on: day("2026-05-01") }
}

fn activated() -> LeaseEvent {
    LeaseEvent::Activated {
        on: day("2026-06-01"),
        charged_from: day("2026-06-01"),
    }
}

fn june() -> LeaseEvent {
    LeaseEvent::ChargePosted {
        charge: Uuid::from_u128(9).into(),
        kind: ChargeKind::Rent,
        description: "Rent".into(),
        amount: Money::new(100_000, Currency::USD),
        tax: None,
        due_on: day("2026-06-01"),
        period: Some(Span::new(day("2026-06-01"), day("2026-07-01"))),
        recurring: None,
    }
}

/// The first day from 20 May 2026 on, within two years, on which a rule asks something.
fn first_asked(rule: LeaseRule, lease: &Lease) -> Option<String> {
    let from = day("2026-05-20");
    let asked = from.iter_days().take(730).find(|day| rule.asks(lease, *day, &usual()));
    asked.map(|day| day.to_string())
}

#[test]
fn each_rule_asks_on_its_day() {
    use LeaseRule::{Activate, AnnounceExpiry, AssessLateFees, Conclude, PostDue};
    let asked = |lease: &Lease| {
        [Conclude, Activate, PostDue, AnnounceExpiry, AssessLateFees]
            .map(|rule| first_asked(rule, lease).unwrap_or_else(|| "never".into()))
    };
    let never = "never";
    assert_eq!(asked(&lease(vec![])), [never; 5]);
    assert_eq!(
        asked(&lease(vec![signed()])),
        [never, "2026-06-01", never, never, never]
    );
    assert_eq!(
        asked(&lease(vec![signed(), activated()])),
        ["2027-06-01", never, "2026-06-01", "2027-04-02", never]
    );
    assert_eq!(
        asked(&lease(vec![signed(), activated(), june()])),
        ["2027-06-01", never, "2026-07-01", "2027-04-02", "2026-06-06"]
    );
    let ends = day("2026-06-04");
    let given_on = day("2026-06-01");
    assert_eq!(
        asked(&lease(vec![
            signed(),
            activated(),
            june(),
            LeaseEvent::NoticeGiven { given_on, ends }
        ])),
        ["2026-06-04", never, never, never, "2026-06-06"]
    );
    assert_eq!(
        asked(&lease(vec![
            signed(),
            activated(),
            LeaseEvent::RolledOver { from: ends }
        ])),
        [never, never, "2026-06-01", never, never]
    );
    assert_eq!(
        asked(&lease(vec![
            signed(),
            activated(),
            june(),
            LeaseEvent::Ended { on: ends }
        ])),
        [never; 5]
    );
}

#[test]
fn a_lease_that_is_over_is_at_rest() {
    let ends = day("2026-06-04");
    let given_on = day("2026-06-01");
    let rests = |more: Vec<LeaseEvent>| lease(more).is_at_rest();
    assert!(!Lease::default().is_at_rest());
    for awake in [
        vec![],
        vec![signed()],
        vec![signed(), activated()],
        vec![signed(), activated(), LeaseEvent::RolledOver { from: ends }],
        vec![signed(), activated(), LeaseEvent::NoticeGiven { given_on, ends }],
    ] {
        assert!(!rests(awake.clone()), "{awake:?}");
    }
    let ended = LeaseEvent::Ended { on: ends };
    let voided = LeaseEvent::Voided { reason: "typo".into() };
    for over in [
        vec![voided],
        vec![signed(), activated(), june(), ended.clone()],
        vec![signed(), activated(), ended, LeaseEvent::Settled],
    ] {
        assert!(rests(over.clone()), "{over:?}");
        for rule in LeaseRule::BEGUN.into_iter().chain(LeaseRule::OVER) {
            assert_eq!(first_asked(rule, &lease(over.clone())), None, "{rule:?} of {over:?}");
        }
    }
}

#[test]
fn a_lease_whose_days_are_past_does_not_begin() {
    let lease = lease(vec![signed()]);
    let asks = |text| LeaseRule::Activate.asks(&lease, day(text), &usual());
    assert!(asks("2027-05-31") && !asks("2027-06-01"));
}

#[test]
fn every_rule_is_decided_once_a_day_under_a_name_of_its_own() {
    let names: Vec<_> = LeaseRule::BEGUN
        .into_iter()
        .chain(LeaseRule::OVER)
        .map(LeaseRule::name)
        .collect();
    assert_eq!(
        names,
        [
            "conclude",
            "activate",
            "post_due",
            "announce_expiry",
            "assess_late_fees"
        ]
    );
}

const REPORTED: &str = "2026-06-01T15:00:00Z";

fn report() -> Report {
    Report {
        property: PropertyId(Uuid::from_u128(1)),
        unit: None,
        resident: None,
        category: "plumbing".into(),
        priority: Priority::Urgent,
        summary: "Leak".into(),
        description: "A leak".into(),
        permission_to_enter: true,
    }
}

fn at_instant(text: &str) -> Context {
    Context {
        occurred_at: at(text),
        ..Context::sample()
    }
}

#[test]
fn a_deadline_of_a_request_is_recorded_once_it_passed() {
    let mut request = MaintenanceRequest::default();
    for event in request
        .decide(RequestCommand::Submit(report()), &at_instant(REPORTED))
        .unwrap()
    {
        request.apply(event);
    }
    let due = at("2026-06-01T16:00:00Z");
    let breach =
        |request: &MaintenanceRequest, due, now| breach_of_request(request, SlaClock::Response, due, &at_instant(now));
    let breached = MaintenanceRequestEvent::SlaBreached {
        clock: SlaClock::Response,
        due,
    };
    assert_eq!(
        breach(&request, due, "2026-06-01T16:00:00Z"),
        Ok(vec![breached.clone()])
    );
    assert_eq!(
        breach(&request, due, "2026-06-01T15:59:59Z"),
        Err(Refusal::NothingPassed)
    );
    assert_eq!(
        breach(&request, at("2026-06-01T15:30:00Z"), "2026-06-02T16:00:00Z"),
        Err(Refusal::NothingPassed)
    );
    request.apply(breached);
    assert_eq!(
        breach(&request, due, "2026-06-02T16:00:00Z"),
        Err(Refusal::NothingPassed)
    );
}

#[test]
fn a_deadline_of_a_work_order_is_recorded_once_it_passed() {
    let Report {
        property,
        category,
        priority,
        summary,
        description,
        ..
    } = report();
    let work = Work {
        property,
        unit: None,
        category,
        priority,
        summary,
        description,
    };
    let mut work_order = WorkOrder::default();
    for event in work_order
        .decide(WorkOrderCommand::Create(work), &at_instant(REPORTED))
        .unwrap()
    {
        work_order.apply(event);
    }
    let due = at("2026-06-02T15:00:00Z");
    let breach = |work_order: &WorkOrder, due, now| {
        breach_of_work_order(work_order, SlaClock::Resolution, due, &at_instant(now))
    };
    let breached = WorkOrderEvent::SlaBreached {
        clock: SlaClock::Resolution,
        due,
    };
    assert_eq!(
        breach(&work_order, due, "2026-06-02T15:00:00Z"),
        Ok(vec![breached.clone()])
    );
    assert_eq!(
        breach(&work_order, due, "2026-06-02T14:59:59Z"),
        Err(Refusal::NothingPassed)
    );
    assert_eq!(
        breach(&work_order, at(REPORTED), "2026-06-03T15:00:00Z"),
        Err(Refusal::NothingPassed)
    );
    work_order.apply(breached);
    assert_eq!(
        breach(&work_order, due, "2026-06-03T15:00:00Z"),
        Err(Refusal::NothingPassed)
    );
}

#[test]
fn the_end_of_an_insurance_is_recorded_once() {
    let id = VendorId(Uuid::from_u128(1));
    let insured_through = day("2026-06-30");
    let mut vendor = Vendor::default();
    vendor.apply(VendorEvent::Created {
        name: Personal::of(id, "Drip & Sons".to_owned()),
        contact: Personal::of(id, Contact::default()),
        trades: vec![],
        insured_through: Some(insured_through),
    });
    let expired = VendorEvent::InsuranceExpired { insured_through };
    assert_eq!(
        expiry_of_insurance(&vendor, &Context::on(insured_through)),
        Err(Refusal::NothingPassed)
    );
    let next = Context::on(days_after(insured_through, 1));
    assert_eq!(expiry_of_insurance(&vendor, &next), Ok(vec![expired.clone()]));
    vendor.apply(expired);
    assert_eq!(expiry_of_insurance(&vendor, &next), Err(Refusal::NothingPassed));
}
