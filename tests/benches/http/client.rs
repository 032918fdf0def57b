//! A client with a portfolio of its own: what `propertyos demo` simulates, as requests. A unit is taken on and let, and a year of
//! it is charges and receipts month by month, and some repairs.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::Office;

const UNITS_OF_A_PROPERTY: u32 = 20;
const MONTHS: u32 = 12;
const REPAIRS: u32 = 3;
const BEGUN_ON: &str = "2026-11-01";
/// Never before today.
const NEXT_VISIT: &str = "2099-12-31";

pub struct Client {
    office: Arc<Office>,
    until: Instant,
    latencies: Vec<Duration>,
}

/// Ends what a client does when its time is up.
struct TimeIsUp;

impl Client {
    pub fn new(office: Arc<Office>, until: Instant) -> Self {
        Self {
            office,
            until,
            latencies: Vec::new(),
        }
    }

    /// Works until the time is up. Returns how long each command took.
    pub async fn work(mut self) -> Vec<Duration> {
        while let Ok(()) = self.property().await {}
        self.latencies
    }

    async fn property(&mut self) -> Result<(), TimeIsUp> {
        let name = Uuid::from_u128(rand::random()).to_string();
        let address = json!({
            "street": format!("{name} Street"), "city": "Springfield", "region": "IL", "postalCode": "62701", "country": "US",
        });
        let property = json!({"name": name, "address": address, "kind": "multi_family", "amenities": ["laundry"]});
        let property = self.give("/api/properties", property).await?;
        for number in 1..=UNITS_OF_A_PROPERTY {
            self.unit(&property["id"], number).await?;
        }
        Ok(())
    }

    async fn unit(&mut self, property: &Value, number: u32) -> Result<(), TimeIsUp> {
        let rent = usd(100_000 + i64::from(number) * 5_000);
        let unit = json!({"number": number.to_string(), "bedrooms": 2, "halfBaths": 2, "marketRent": rent});
        let units = format!("/api/properties/{}/units", text(property));
        let unit = self.give(&units, unit).await?["id"].clone();
        let resident = json!({"givenName": "Ada", "familyName": "Lovelace", "contact": {"email": "ada@example.com"}});
        let resident = self.give("/api/tenants", resident).await?["id"].clone();
        let lease = self.lease(&unit, &resident, &rent).await?;
        for month in 0..MONTHS {
            self.month(&lease, &resident, &rent).await?;
            if month % (MONTHS / REPAIRS) == 0 {
                self.repair(property, &unit, &resident).await?;
            }
        }
        Ok(())
    }

    async fn lease(&mut self, unit: &Value, resident: &Value, rent: &Value) -> Result<Value, TimeIsUp> {
        let terms = json!({"residents": [resident], "startsOn": BEGUN_ON, "rent": rent, "dueDay": 1});
        let lease = self.give(&format!("/api/units/{}/leases", text(unit)), terms).await?["id"].clone();
        for step in ["sign", "activate"] {
            let path = format!("/api/leases/{}/{step}", text(&lease));
            self.give(&path, json!({"on": BEGUN_ON})).await?;
        }
        Ok(lease)
    }

    /// Something is charged, a receipt comes in, and goes to the bank.
    async fn month(&mut self, lease: &Value, resident: &Value, rent: &Value) -> Result<(), TimeIsUp> {
        let charge = json!({"kind": "utilities", "description": "Water", "amount": usd(4_500), "dueOn": BEGUN_ON});
        self.give(&format!("/api/leases/{}/charges", text(lease)), charge)
            .await?;
        let reference = Uuid::from_u128(rand::random()).to_string();
        let receipt = json!({
            "lease": lease, "payer": resident, "amount": rent, "method": "ach", "reference": reference,
            "receivedOn": BEGUN_ON,
        });
        let payment = self.give("/api/payments/process", receipt).await?;
        let bank = format!("/api/payments/{}/deposit", text(&payment["id"]));
        self.give(&bank, json!({"on": BEGUN_ON})).await?;
        Ok(())
    }

    /// Something breaks, and is mended.
    async fn repair(&mut self, property: &Value, unit: &Value, resident: &Value) -> Result<(), TimeIsUp> {
        let request = json!({
            "property": property, "unit": unit, "resident": resident, "category": "plumbing", "priority": "medium",
            "summary": "Kitchen sink leaks", "description": "Water drips under the sink.",
        });
        let request = self.give("/api/maintenance/requests", request).await?;
        let assign = format!("/api/maintenance/requests/{}/assign", text(&request["id"]));
        let vendor = json!({"vendor": self.office.vendor});
        let assigned = self.give(&assign, vendor).await?;
        let mut events = assigned["events"].as_array().into_iter().flatten();
        let created = events.find(|event| event["type"] == "work_order.created");
        let order = text(&created.expect("a work order")["aggregateId"]).to_owned();
        let steps = [
            ("schedule", json!({"on": NEXT_VISIT})),
            ("done", json!({"notes": "A new seal"})),
            ("complete", json!({})),
        ];
        for (step, body) in steps {
            self.give(&format!("/api/maintenance/work-orders/{order}/{step}"), body)
                .await?;
        }
        Ok(())
    }

    /// Gives a command and waits for its answer.
    async fn give(&mut self, path: &str, body: Value) -> Result<Value, TimeIsUp> {
        let sent = Instant::now();
        if sent >= self.until {
            return Err(TimeIsUp);
        }
        let Office { http, url, token, .. } = &*self.office;
        let request = http
            .post(format!("{url}{path}"))
            .bearer_auth(token)
            .header("Idempotency-Key", Uuid::from_u128(rand::random()).to_string());
        let answer = request.json(&body).send().await.expect("an answer");
        let status = answer.status();
        let answer: Value = answer.json().await.expect("JSON");
        self.latencies.push(sent.elapsed());
        assert!(status.is_success(), "{path} {body}: {status} {answer}");
        Ok(answer)
    }
}

fn usd(minor: i64) -> Value {
    json!({"minor": minor, "currency": "USD"})
}

fn text(value: &Value) -> &str {
    value.as_str().expect("an id")
}
