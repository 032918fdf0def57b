//! Properties, units, and the people who come there.

use serde_json::{Value, json};

use super::{Step, delete, get, post, put};

pub fn steps() -> Vec<Step> {
    vec![
        post("/api/properties", property("Elm Court")).keep("property"),
        put("/api/properties/{property}", property("Elm Court West")),
        get("/api/properties/{property}"),
        post("/api/properties/{property}/units", unit("101")).keep("unit"),
        post("/api/properties/{property}/units", unit("102")).keep("other_unit"),
        get("/api/properties/{property}/units?status=ready&limit=10"),
        put("/api/units/{unit}", unit("101 A")),
        get("/api/units/{unit}"),
        delete("/api/units/{unit}?reason=Painting"),
        post("/api/units/{unit}/ready", json!({})),
        post(
            "/api/units/{unit}/listing",
            json!({"availableOn": "2026-01-01", "askingRent": {"minor": 140_000, "currency": "USD"}}),
        ),
        post("/api/properties", property("Sold House")).keep("sold"),
        delete("/api/properties/{sold}"),
        get("/api/properties?status=offboarded"),
        post("/api/tenants", resident("Ada")).keep("ada"),
        post("/api/tenants", resident("Bob")).keep("bob"),
        post("/api/tenants", resident("Carl")).keep("carl"),
        put("/api/tenants/{ada}", resident("Ada Maria")),
        get("/api/tenants/{ada}"),
        get("/api/tenants?status=applicant"),
        post("/api/tenants/{carl}/erase", json!({"reason": "He asked for it"})),
        post("/api/maintenance/vendors", vendor("Drains & Co")).keep("vendor"),
        put("/api/maintenance/vendors/{vendor}", vendor("Drains and Daughters")),
        post(
            "/api/maintenance/vendors/{vendor}/block",
            json!({"reason": "No insurance"}),
        ),
        post("/api/maintenance/vendors/{vendor}/unblock", json!({})),
        get("/api/maintenance/vendors/{vendor}"),
        get("/api/maintenance/vendors?trade=plumbing"),
    ]
}

fn property(name: &str) -> Value {
    json!({
        "name": name,
        "address": {
            "street": "12 Elm Street",
            "city": "Springfield",
            "region": "IL",
            "postalCode": "62701",
            "country": "US",
        },
        "kind": "multi_family",
        "yearBuilt": 1974,
        "amenities": ["laundry"],
    })
}

fn unit(number: &str) -> Value {
    json!({
        "number": number,
        "bedrooms": 2,
        "halfBaths": 3,
        "squareFeet": 850,
        "marketRent": {"minor": 140_000, "currency": "USD"},
    })
}

fn resident(name: &str) -> Value {
    json!({
        "givenName": name,
        "familyName": "Lovelace",
        "contact": {"email": "ada@example.org", "phone": "+1 217 555 0100"},
        "birthDate": "1990-12-10",
        "emergencyContacts": [{"name": "Annabella", "phone": "+1 217 555 0101", "relationship": "mother"}],
    })
}

fn vendor(name: &str) -> Value {
    json!({
        "name": name,
        "contact": {"email": "office@example.org", "phone": "+1 217 555 0102"},
        "trades": ["plumbing"],
        "insuredThrough": "2199-12-31",
    })
}
