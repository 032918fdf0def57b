//! Who may be sent to a repair.

use std::collections::HashMap;

use commands::handlers::{AssignVendor, OnStream, RequestEstimate};
use domain::{
    ids::{PropertyId, VendorId},
    vendor::{Vendor, VendorCommand},
    work_order::{WorkOrder, WorkOrderCommand, WorkOrderStatus},
};
use futures::{StreamExt, stream};
use uuid::Uuid;

use crate::support::{Office, rule};

const ROUNDS: u128 = 1_000;

/// How many rounds are under way at once, so that their commands also meet in the combined appends of the writer.
const AT_ONCE: usize = 20;

fn block(vendor: VendorId) -> OnStream<Vendor> {
    let reason = "no insurance".into();
    OnStream::of(vendor, VendorCommand::Block { reason })
}

/// A vendor is blocked while it is assigned to a repair; says whether it was assigned.
async fn race(office: &Office, property: PropertyId, round: u128) -> bool {
    let vendor = office.vendor(1_000_000 + round).await;
    let work_order = office.work_order(property, 2_000_000 + round).await;
    let (assignment, blocking) = (AssignVendor { work_order, vendor }, block(vendor));
    let assigning = async {
        // Some let the other go first, some don't.
        for _ in 0..round % 4 {
            tokio::task::yield_now().await;
        }
        office.attempt(&assignment).await
    };
    let (assigned, blocked) = tokio::join!(assigning, office.attempt(&blocking));
    blocked.unwrap();
    if assigned.is_err() {
        assert_eq!(rule(assigned), "vendor-blocked");
        return false;
    }
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_assignment_stands_behind_the_blocking_of_its_vendor() {
    let office = Office::new().await;
    let property = office.property(1).await;
    let outcomes: Vec<bool> = stream::iter(0..ROUNDS)
        .map(|round| race(&office, property, round))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let assigned = outcomes.iter().filter(|assigned| **assigned).count();
    assert!(0 < assigned && assigned < outcomes.len(), "{assigned} assigned");

    let log = office.log().await;
    let blocked: HashMap<Uuid, i64> = log
        .iter()
        .filter(|event| event.event_type == "vendor.blocked")
        .map(|event| (event.aggregate_id, event.position))
        .collect();
    assert_eq!(blocked.len(), outcomes.len());
    let mut assignments = 0;
    for event in log.iter().filter(|event| event.event_type == "work_order.assigned") {
        let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap();
        let vendor: Uuid = payload["vendor"].as_str().unwrap().parse().unwrap();
        assert!(event.position < blocked[&vendor], "{event:?}");
        assignments += 1;
    }
    assert_eq!(assignments, assigned);
}

#[tokio::test]
async fn a_repair_goes_from_the_estimate_to_its_acceptance() {
    let office = Office::new().await;
    let property = office.property(1).await;
    let (vendor, work_order) = (office.vendor(2).await, office.work_order(property, 3).await);
    office.give(&RequestEstimate { work_order, vendor }).await;
    office.give(&AssignVendor { work_order, vendor }).await;
    let finish = WorkOrderCommand::FinishWork {
        notes: "new washer".into(),
    };
    for command in [finish, WorkOrderCommand::Complete] {
        office.give(&OnStream::<WorkOrder>::of(work_order, command)).await;
    }
    let state = office.state::<WorkOrder>(work_order).await;
    assert_eq!(state.status(), Some(WorkOrderStatus::Completed));
}

#[tokio::test]
async fn a_blocked_vendor_is_not_asked_for_an_estimate_either() {
    let office = Office::new().await;
    let property = office.property(1).await;
    let (vendor, work_order) = (office.vendor(2).await, office.work_order(property, 3).await);
    office.give(&block(vendor)).await;
    assert_eq!(
        office.refused(&RequestEstimate { work_order, vendor }).await,
        "vendor-blocked"
    );
    let stranger = VendorId(Uuid::from_u128(99));
    let unknown = AssignVendor {
        work_order,
        vendor: stranger,
    };
    assert_eq!(office.refused(&unknown).await, "vendor-absent");
}
