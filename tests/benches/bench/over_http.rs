//! The same commands as requests to a process of its own.

use std::sync::Arc;

use api::clock::new_command_id;
use async_trait::async_trait;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::Serving;
use uuid::Uuid;

use crate::{
    rounds::{Contestant, Turn},
    work::{self, Gate, Load, Pace, Step, rent},
};

const TODAY: &str = "2026-11-01";
/// Never before today.
const NEXT_VISIT: &str = "2099-12-31";

/// An organization's office that sends requests.
#[derive(Clone)]
pub struct Sender(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    url: String,
    token: String,
    vendor: Uuid,
}

impl Sender {
    /// For whom the token is, with a vendor.
    pub async fn open(serving: &Serving, token: String) -> Self {
        let mut inner = Inner {
            http: serving.http().clone(),
            url: serving.at(""),
            token,
            vendor: Uuid::nil(),
        };
        inner.vendor = id_of(&inner.send("/api/maintenance/vendors", &vendor()).await["id"]);
        Self(Arc::new(inner))
    }
}

impl Inner {
    /// Sends a command until it is not turned away for want of time, as clients are told to.
    async fn send(&self, path: &str, body: &Value) -> Value {
        let key = new_command_id().to_string();
        loop {
            let request = self
                .http
                .post(format!("{}{path}", self.url))
                .bearer_auth(&self.token)
                .header("Idempotency-Key", &key)
                .json(body);
            let answer = request.send().await.expect("an answer");
            let status = answer.status();
            if status == StatusCode::SERVICE_UNAVAILABLE {
                continue;
            }
            let answer: Value = answer.json().await.expect("JSON");
            assert!(status.is_success(), "{path} {body}: {status} {answer}");
            return answer;
        }
    }
}

impl Gate for Sender {
    async fn give(&self, step: Step) -> Uuid {
        let (path, body) = request(step, self.0.vendor);
        let answer = self.0.send(&path, &body).await;
        if let Step::Convert { .. } = step {
            let mut events = answer["events"].as_array().into_iter().flatten();
            let created = events.find(|event| event["type"] == "work_order.created");
            return id_of(&created.expect("a work order")["aggregateId"]);
        }
        id_of(&answer["id"])
    }
}

fn request(step: Step, vendor_of_all: Uuid) -> (String, Value) {
    let maintenance = |rest: String| format!("/api/maintenance/{rest}");
    match step {
        Step::Property => ("/api/properties".into(), property()),
        Step::Unit { property, number } => (
            format!("/api/properties/{property}/units"),
            json!({"number": number.to_string(), "bedrooms": 2, "halfBaths": 2, "squareFeet": 900, "marketRent": usd(rent(number))}),
        ),
        Step::Resident => (
            "/api/tenants".into(),
            json!({"givenName": "Ada", "familyName": "Lovelace", "contact": {"email": "ada@example.com"}}),
        ),
        Step::Draft { unit, resident, number } => (
            format!("/api/units/{unit}/leases"),
            json!({"residents": [resident], "startsOn": TODAY, "rent": usd(rent(number)), "dueDay": 1}),
        ),
        Step::Sign { lease } => (format!("/api/leases/{lease}/sign"), json!({"on": TODAY})),
        Step::Activate { lease } => (format!("/api/leases/{lease}/activate"), json!({"on": TODAY})),
        Step::Charge { lease } => (
            format!("/api/leases/{lease}/charges"),
            json!({"kind": "utilities", "description": "Water", "amount": usd(4_500), "dueOn": TODAY}),
        ),
        Step::Receive {
            lease,
            resident,
            number,
        } => (
            "/api/payments/process".into(),
            json!({
                "lease": lease, "payer": resident, "amount": usd(rent(number)), "method": "ach",
                "reference": new_command_id(), "receivedOn": TODAY,
            }),
        ),
        Step::Bank { payment } => (format!("/api/payments/{payment}/deposit"), json!({"on": TODAY})),
        Step::Report {
            property,
            unit,
            resident,
        } => (
            maintenance("requests".into()),
            json!({
                "property": property, "unit": unit, "resident": resident, "category": "plumbing", "priority": "medium",
                "summary": "Kitchen sink leaks", "description": "Water drips under the sink.",
            }),
        ),
        Step::Convert { request } => (
            maintenance(format!("requests/{request}/assign")),
            json!({"vendor": vendor_of_all}),
        ),
        Step::Schedule { order } => (
            maintenance(format!("work-orders/{order}/schedule")),
            json!({"on": NEXT_VISIT}),
        ),
        Step::Finish { order } => (
            maintenance(format!("work-orders/{order}/done")),
            json!({"notes": "A new seal"}),
        ),
        Step::Complete { order } => (maintenance(format!("work-orders/{order}/complete")), json!({})),
        Step::Vendor => (maintenance("vendors".into()), vendor()),
        Step::Block { vendor } => (
            maintenance(format!("vendors/{vendor}/block")),
            json!({"reason": "The certificate of insurance has expired, and a new one was asked for twice"}),
        ),
        Step::Unblock { vendor } => (maintenance(format!("vendors/{vendor}/unblock")), json!({})),
    }
}

fn property() -> Value {
    let id = new_command_id();
    let address = json!({
        "street": format!("{id} Maple Street"), "city": "Springfield", "region": "IL", "postalCode": "62701", "country": "US",
    });
    json!({"name": format!("Maple Court {id}"), "address": address, "kind": "multi_family", "amenities": ["laundry"]})
}

fn vendor() -> Value {
    json!({"name": "Drip & Sons Plumbing", "trades": ["plumbing"]})
}

fn usd(minor: i64) -> Value {
    json!({"minor": minor, "currency": "USD"})
}

fn id_of(value: &Value) -> Uuid {
    let text = value.as_str().expect("an id");
    text.parse().expect("an id")
}

/// The API as a contestant.
pub struct OverHttp {
    pub sender: Sender,
    /// What the table calls the process.
    pub process: &'static str,
}

#[async_trait]
impl Contestant for OverHttp {
    fn name(&self) -> String {
        format!("HTTP to `propertyos {}`, the mix", self.process)
    }

    async fn turn(&mut self, clients: u32, lasting: std::time::Duration) -> Turn {
        work::run(Load::Mix, clients, lasting, None::<Pace>, |_| self.sender.clone()).await
    }
}
