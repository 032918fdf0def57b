//! Leases, from the draft to the end.

use serde_json::{Value, json};

use super::{Step, delete, get, post, put};

pub fn steps() -> Vec<Step> {
    let mut steps = vec![
        post("/api/units/{unit}/leases", terms("{ada}", "2026-01-01")).keep("lease"),
        put("/api/leases/{lease}", terms("{ada}", "2026-01-02")),
        post("/api/leases/{lease}/sign", json!({"on": "2025-12-20"})),
        post("/api/leases/{lease}/activate", json!({"on": "2026-01-02"})),
        get("/api/leases/{lease}"),
        get("/api/tenants/{ada}/lease"),
        post("/api/units/{unit}/leases", terms("{bob}", "2026-01-01")).keep("draft"),
        get("/api/units/{unit}/leases?status=draft"),
        delete("/api/leases/{draft}?reason=Changed%20their%20mind"),
        post("/api/units/{other_unit}/leases", terms("{bob}", "2026-02-01")).keep("bobs_lease"),
        post("/api/leases/{bobs_lease}/sign", json!({"on": "2026-01-20"})),
        get("/api/leases?unit={other_unit}&resident={bob}&property={property}"),
        post("/api/leases/{lease}/rent", rent_from("2150-01-01")),
        post("/api/leases/{lease}/renew", renewal()),
    ];
    steps.extend(account());
    steps
}

/// What is owed beside the rent, and what is given up of it.
fn account() -> Vec<Step> {
    vec![
        post("/api/leases/{lease}/recurring-charges", parking()),
        get("/api/leases/{lease}").keep_at("parking", "/recurring/0/id"),
        post(
            "/api/leases/{lease}/recurring-charges/end",
            json!({"recurring": "{parking}", "lastDay": "2150-06-30"}),
        ),
        post("/api/leases/{lease}/charges", key()),
        get("/api/leases/{lease}/charges?status=open&limit=1").keep_at("charge", "/items/0/id"),
        post("/api/leases/{lease}/waivers", reduction()),
        post("/api/leases/{lease}/write-offs", reduction()),
        post("/api/leases/{lease}/concessions", reduction()),
        post(
            "/api/leases/{lease}/deposits",
            json!({"purpose": "security", "limited": true, "amount": usd(100_000), "dueOn": "2026-01-02"}),
        )
        .keep("deposit"),
        post(
            "/api/deposits/{deposit}/receive",
            json!({"amount": usd(40_000), "receivedOn": "2026-01-02", "bankAccount": "{deposit_trust_account}"}),
        ),
        get("/api/deposits/{deposit}"),
    ]
}

/// After everything else: who moved out can't be sent to.
pub fn end() -> Vec<Step> {
    vec![
        post(
            "/api/leases/{lease}/notice",
            json!({"givenOn": "2026-06-01", "lastDay": "2026-08-31"}),
        ),
        post("/api/leases/{lease}/end", json!({"lastDay": "2026-08-31"})),
    ]
}

pub fn usd(minor: i64) -> Value {
    json!({"minor": minor, "currency": "USD"})
}

fn terms(resident: &str, starts_on: &str) -> Value {
    json!({
        "residents": [resident],
        "startsOn": starts_on,
        "lastDay": "2159-12-31",
        "rent": usd(136_700),
        "rentTax": usd(1_000),
        "dueDay": 1,
    })
}

fn rent_from(day: &str) -> Value {
    json!({"rent": usd(150_000), "rentTax": usd(1_100), "from": day})
}

fn renewal() -> Value {
    json!({"startsOn": "2160-01-01", "lastDay": "2160-12-31", "rent": usd(160_000), "rentTax": usd(1_200)})
}

fn parking() -> Value {
    json!({
        "kind": "parking",
        "description": "Place 7",
        "amount": usd(5_000),
        "tax": usd(500),
        "from": "2150-01-01",
    })
}

fn key() -> Value {
    json!({
        "kind": "other",
        "description": "A key",
        "amount": usd(9_000),
        "tax": usd(900),
        "dueOn": "2026-01-02",
    })
}

fn reduction() -> Value {
    json!({"charge": "{charge}", "amount": usd(1_000), "reason": "Goodwill"})
}
