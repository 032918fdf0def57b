//! How deadlines were kept and how long work took.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    ids::{RequestId, VendorId, WorkOrderId},
    maintenance_request::{Deadlines, MaintenanceRequestEvent, Priority},
    registry::AnyEvent,
    work_order::WorkOrderEvent,
};
use streams::Fact;
use uuid::Uuid;

use super::{ADA, COURT, Desk, fact, noon, numbered, on, unit};

pub(super) fn submitted(priority: Priority, reported_at: DateTime<Utc>, deadlines: Deadlines) -> AnyEvent {
    AnyEvent::MaintenanceRequest(MaintenanceRequestEvent::Submitted {
        property: COURT,
        unit: Some(unit(1)),
        resident: Some(ADA),
        category: "plumbing".into(),
        priority,
        summary: "leak".into(),
        description: String::new(),
        permission_to_enter: true,
        reported_at,
        deadlines,
    })
}

/// Respond by the noon of one day, resolve by that of another.
fn by(respond: &str, resolve: &str) -> Deadlines {
    Deadlines {
        respond_by: noon(on(respond)),
        resolve_by: noon(on(resolve)),
    }
}

/// Request 1 becomes work order 1 and is done late; request 2 is answered by nobody; work order 2 came of itself.
pub(super) fn repairs() -> Vec<Arc<Fact>> {
    let request = |n: u128| RequestId(Uuid::from_u128(500 + n));
    let order = |n: u128| WorkOrderId(Uuid::from_u128(600 + n));
    let created = |request, priority| {
        AnyEvent::WorkOrder(WorkOrderEvent::Created {
            property: COURT,
            unit: None,
            request,
            category: "plumbing".into(),
            priority,
            summary: "leak".into(),
            description: String::new(),
            deadlines: by("2026-06-02", "2026-06-05"),
            breached: Vec::new(),
        })
    };
    let assigned = AnyEvent::WorkOrder(WorkOrderEvent::Assigned {
        vendor: VendorId(Uuid::from_u128(700)),
    });
    let converted = AnyEvent::MaintenanceRequest(MaintenanceRequestEvent::Converted { work_order: order(1) });
    let done = AnyEvent::WorkOrder(WorkOrderEvent::WorkDone { notes: String::new() });
    let reported = noon(on("2026-06-01"));
    numbered([
        (
            "2026-06-01",
            (
                request(1).0,
                submitted(Priority::High, reported, by("2026-06-02", "2026-06-05")),
            ),
        ),
        (
            "2026-06-01",
            (
                request(2).0,
                submitted(Priority::Low, reported, by("2026-06-03", "2026-06-20")),
            ),
        ),
        ("2026-06-02", (request(1).0, converted)),
        ("2026-06-02", (order(1).0, created(Some(request(1)), Priority::High))),
        ("2026-06-02", (order(1).0, assigned.clone())),
        ("2026-06-02", (order(2).0, created(None, Priority::Urgent))),
        ("2026-06-04", (order(2).0, assigned)),
        ("2026-06-05", (order(2).0, done.clone())),
        ("2026-06-09", (order(1).0, done)),
    ])
}

#[tokio::test]
async fn a_deadline_that_passed_unanswered_is_a_miss() {
    let mut desk = Desk::with(&repairs()).await;
    let answer = desk.on("2026-06-10", None).await;
    // Responses: request 1 in time, request 2 never, work order 2 late. Resolutions: request 1 late, work order 2 in time.
    assert_eq!((answer.responses.due, answer.responses.met), (3, 1));
    assert_eq!((answer.resolutions.due, answer.resolutions.met), (2, 1));
    let day = 86_400.0;
    assert_eq!(answer.time_to_resolve.jobs, 2);
    assert_eq!(answer.time_to_resolve.median, Some(f64::midpoint(8.0 * day, 3.0 * day)));
    assert_eq!(
        answer
            .open_requests
            .iter()
            .map(|(priority, count)| (priority.as_str(), *count))
            .collect::<Vec<_>>(),
        [("high", 1), ("low", 1)]
    );
    assert_eq!(answer.open_work_orders.len(), 2);
}

#[tokio::test]
async fn work_that_is_reopened_is_measured_anew() {
    let mut desk = Desk::with(&repairs()).await;
    let order = Uuid::from_u128(602);
    let reopened = AnyEvent::WorkOrder(WorkOrderEvent::Reopened {
        reason: String::new(),
        deadlines: by("2026-06-08", "2026-06-09"),
    });
    let again = [
        fact(20, order, "2026-06-07", reopened),
        fact(
            21,
            order,
            "2026-06-09",
            AnyEvent::WorkOrder(WorkOrderEvent::Completed { vendor: None }),
        ),
    ];
    desk.apply(&again).await.unwrap();
    let answer = desk.on("2026-06-10", None).await;
    // The new episode is answered by its end, a day late, and resolved in time.
    assert_eq!((answer.responses.due, answer.responses.met), (4, 1));
    assert_eq!((answer.resolutions.due, answer.resolutions.met), (3, 2));
    assert_eq!(answer.time_to_resolve.jobs, 3);
    assert!(!answer.open_work_orders.contains_key("urgent"));
}
