//! Requests and what becomes of them.

use commands::handlers::{ConvertRequest, OnStream, ReopenWorkOrder, ResolveRequest, SubmitRequest};
use domain::{
    ids::{PropertyId, RequestId, ResidentId, UnitId, WorkOrderId},
    maintenance_request::{MaintenanceRequest, Priority, Report, RequestCommand, RequestStatus},
    work_order::{WorkOrder, WorkOrderStatus},
};
use uuid::Uuid;

use crate::support::Office;

const REQUEST: RequestId = RequestId(Uuid::from_u128(50));
const REPAIR: WorkOrderId = WorkOrderId(Uuid::from_u128(51));

fn submit(property: PropertyId, unit: Option<UnitId>, resident: Option<ResidentId>) -> SubmitRequest {
    SubmitRequest {
        request: REQUEST,
        report: Report {
            property,
            unit,
            resident,
            category: "plumbing".into(),
            priority: Priority::Medium,
            summary: "The tap drips".into(),
            description: "Since Sunday.".into(),
            permission_to_enter: true,
        },
    }
}

async fn submitted(office: &Office) -> ConvertRequest {
    let property = office.property(1).await;
    let unit = office.unit(property, 2).await;
    let (resident, vendor) = (office.resident(3).await, office.vendor(4).await);
    office.give(&submit(property, Some(unit), Some(resident))).await;
    ConvertRequest {
        request: REQUEST,
        work_order: REPAIR,
        vendor,
    }
}

#[tokio::test]
async fn a_request_becomes_a_work_order_with_a_vendor_in_one_append() {
    let office = Office::new().await;
    let convert = submitted(&office).await;
    let receipt = office.give(&convert).await;
    assert_eq!(
        Office::written(&receipt),
        ["request.converted", "work_order.created", "work_order.assigned"]
    );
    assert_eq!(receipt.last_position, receipt.first_position + 2);
    let again = ConvertRequest {
        work_order: WorkOrderId(Uuid::from_u128(52)),
        ..convert
    };
    assert_eq!(office.refused(&again).await, "request-converted");
}

#[tokio::test]
async fn resolving_settles_the_work_order_and_reopening_that_reopens_the_request() {
    let office = Office::new().await;
    let convert = submitted(&office).await;
    office.give(&convert).await;
    let resolve = ResolveRequest {
        request: REQUEST,
        resolution: "new washer".into(),
    };
    let receipt = office.give(&resolve).await;
    assert_eq!(
        Office::written(&receipt),
        ["request.resolved", "work_order.work_done", "work_order.completed"]
    );
    let reopen = ReopenWorkOrder {
        work_order: REPAIR,
        reason: "drips again".into(),
    };
    let receipt = office.give(&reopen).await;
    assert_eq!(Office::written(&receipt), ["work_order.reopened", "request.reopened"]);
    let (request, work_order) = (
        office.state::<MaintenanceRequest>(REQUEST).await,
        office.state::<WorkOrder>(REPAIR).await,
    );
    assert_eq!(request.status(), Some(RequestStatus::Reopened));
    assert_eq!(work_order.status(), Some(WorkOrderStatus::New));
}

#[tokio::test]
async fn a_request_without_a_work_order_is_resolved_alone() {
    let office = Office::new().await;
    submitted(&office).await;
    let triage = RequestCommand::Triage {
        category: "flood".into(),
        priority: Priority::Urgent,
    };
    office.give(&OnStream::<MaintenanceRequest>::of(REQUEST, triage)).await;
    let resolve = ResolveRequest {
        request: REQUEST,
        resolution: "new washer".into(),
    };
    let receipt = office.commands.execute(&office.invocation(2), &resolve).await.unwrap();
    assert_eq!(
        Office::written(&receipt),
        ["request.sla_breached", "request.resolved"],
        "an urgent one is answered within an hour"
    );
}

#[tokio::test]
async fn a_request_names_places_and_persons_that_exist() {
    let office = Office::new().await;
    let (elm, oak) = (office.property(1).await, office.property(2).await);
    let unit = office.unit(oak, 3).await;
    let stranger = ResidentId(Uuid::from_u128(99));
    let nowhere = PropertyId(Uuid::from_u128(98));
    for (submit, refusal) in [
        (submit(nowhere, None, None), "property-absent"),
        (submit(elm, Some(unit), None), "unit-of-another-property"),
        (submit(oak, Some(unit), Some(stranger)), "resident-absent"),
    ] {
        assert_eq!(office.refused(&submit).await, refusal);
    }
    office.give(&submit(oak, Some(unit), None)).await;
}
