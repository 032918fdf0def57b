//! What the description's endpoints mean here, where that isn't what their names say.

use reqwest::StatusCode;
use serde_json::json;

use super::{
    office::{Answer, Office, Teller},
    story::{Step, delete, get, post, put, story, usd},
};

/// Tells the story up to this step, which is not taken.
async fn told_before<'a>(office: &'a Office, path: &str) -> Teller<'a> {
    let mut teller = office.organization("Lakeside").await;
    for step in story().into_iter().take_while(|step| step.path != path) {
        teller.tell(&step).await;
    }
    teller
}

async fn ask(teller: &Teller<'_>, step: &Step) -> Answer {
    teller.ask(step, &teller.known, &teller.token).await
}

/// What happened, in order.
fn events(answer: &Answer) -> Vec<&str> {
    let events = answer.body["events"]
        .as_array()
        .unwrap_or_else(|| panic!("no events in {answer}"));
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

fn kind(answer: &Answer) -> &str {
    let kind = answer.body["type"]
        .as_str()
        .unwrap_or_else(|| panic!("no problem: {answer}"));
    kind.trim_start_matches("urn:propertyos:problem:")
}

#[tokio::test]
async fn what_is_agreed_is_not_amended_and_what_is_in_use_is_not_taken_away() {
    let office = Office::open().await;
    let teller = told_before(&office, "/api/leases/{lease}/notice").await;
    let heads = office.heads().await;
    let [amend] = story()
        .into_iter()
        .filter(|step| step.to_string() == "PUT /api/leases/{lease}")
        .collect::<Vec<_>>()
        .try_into()
        .unwrap_or_else(|_| panic!("the story amends one lease"));
    let refused = ask(&teller, &amend).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{refused}");
    for instead in ["rent", "renew", "notice"] {
        assert!(
            refused.body["detail"].as_str().unwrap().contains(instead),
            "{instead}: {refused}"
        );
    }
    for taken in ["/api/leases/{lease}", "/api/units/{unit}", "/api/properties/{property}"] {
        let refused = ask(&teller, &delete(taken)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{refused}");
    }
    assert_eq!(office.heads().await, heads, "something was written");
    let signed = ask(&teller, &delete("/api/leases/{bobs_lease}")).await;
    assert_eq!(
        signed.status,
        StatusCode::OK,
        "a signed lease can be given up: {signed}"
    );
    assert_eq!(events(&signed)[0], "lease.voided");
    assert!(office.serving.stop().await.success());
}

#[tokio::test]
async fn a_request_becomes_an_assigned_work_order_at_once_and_ends_with_it() {
    let office = Office::open().await;
    let mut teller = told_before(&office, "/api/maintenance/requests/{request}/assign").await;
    let triage = put(
        "/api/maintenance/requests/{request}",
        json!({"category": "hvac", "priority": "low"}),
    );
    assert_eq!(events(&ask(&teller, &triage).await), ["request.triaged"]);
    let assign = post(
        "/api/maintenance/requests/{request}/assign",
        json!({"vendor": "{vendor}"}),
    );
    let assigned = teller.tell(&assign).await;
    assert_eq!(
        events(&assigned),
        ["request.converted", "work_order.created", "work_order.assigned"]
    );
    let work_order = assigned.body["events"][1]["aggregateId"].as_str().unwrap();
    teller.known.learn("work_order", work_order);
    let resolve = post(
        "/api/maintenance/requests/{request}/resolve",
        json!({"resolution": "The valve was open"}),
    );
    let resolved = teller.tell(&resolve).await;
    assert_eq!(
        events(&resolved),
        ["request.resolved", "work_order.work_done", "work_order.completed"]
    );
    let order = teller.tell(&get("/api/maintenance/work-orders/{work_order}")).await;
    assert_eq!(order.body["status"], "completed", "{order}");
    assert!(office.serving.stop().await.success());
}

#[tokio::test]
async fn a_receipt_counts_once_and_an_intent_not_before_its_money_has_come() {
    let office = Office::open().await;
    let mut teller = told_before(&office, "/api/payments/process").await;
    let receipt = |amount| {
        let receipt = json!({
            "lease": "{lease}", "payer": "{ada}", "amount": usd(amount), "method": "ach", "reference": "trace-7",
            "receivedOn": "2026-02-03",
        });
        post("/api/payments/process", receipt)
    };
    let counted = teller.tell(&receipt(20_000)).await;
    assert_eq!(events(&counted)[..2], ["payment.initiated", "payment.completed"]);
    let heads = office.heads().await;
    for amount in [20_000, 30_000] {
        let again = ask(&teller, &receipt(amount)).await;
        assert_eq!(
            (again.status, kind(&again)),
            (StatusCode::CONFLICT, "payment-reference-counted"),
            "{again}"
        );
    }
    assert_eq!(office.heads().await, heads, "the receipt counted twice");

    let statement = get("/api/ledger/leases/{lease}/statement?to=2026-02-28");
    let before = teller.tell(&statement).await.body["closing"].clone();
    let intent = json!({"lease": "{lease}", "amount": usd(10_000), "method": "ach", "reference": "trace-8"});
    let meant = teller
        .tell(&post("/api/tenants/{ada}/payments", intent).keep("meant"))
        .await;
    assert_eq!(events(&meant), ["payment.initiated"]);
    assert_eq!(
        teller.tell(&statement).await.body["closing"],
        before,
        "an intent counts"
    );
    teller
        .tell(&post(
            "/api/payments/{meant}/complete",
            json!({"receivedOn": "2026-02-04"}),
        ))
        .await;
    let after = teller.tell(&statement).await.body["closing"].clone();
    assert_eq!(
        before["minor"].as_i64().unwrap() - after["minor"].as_i64().unwrap(),
        10_000
    );
    assert!(office.serving.stop().await.success());
}
