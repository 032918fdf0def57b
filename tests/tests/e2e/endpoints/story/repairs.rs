//! Requests and work orders.

use serde_json::{Value, json};

use super::{Step, get, post, put, usd};

pub fn steps() -> Vec<Step> {
    let mut steps = requests();
    steps.extend(work_orders());
    steps
}

fn requests() -> Vec<Step> {
    vec![
        post("/api/maintenance/requests", request()).keep("request"),
        put(
            "/api/maintenance/requests/{request}",
            json!({"category": "hvac", "priority": "high"}),
        ),
        get("/api/maintenance/requests/{request}"),
        post(
            "/api/maintenance/requests/{request}/assign",
            json!({"vendor": "{vendor}"}),
        ),
        post(
            "/api/maintenance/requests/{request}/resolve",
            json!({"resolution": "The valve was open"}),
        ),
        post(
            "/api/maintenance/requests/{request}/reopen",
            json!({"reason": "It is cold again"}),
        ),
        post("/api/tenants/{ada}/requests", home_request()).keep("adas_request"),
        post(
            "/api/maintenance/requests/{adas_request}/decline",
            json!({"reason": "It is hers"}),
        ),
        get("/api/tenants/{ada}/requests?status=declined"),
        get("/api/maintenance/requests?property={property}&unit={unit}&resident={ada}&priority=low&status=declined"),
    ]
}

fn work_orders() -> Vec<Step> {
    vec![
        post("/api/maintenance/work-orders", work()).keep("work_order"),
        post(
            "/api/maintenance/work-orders/{work_order}/request-estimate",
            json!({"vendor": "{vendor}"}),
        ),
        post(
            "/api/maintenance/work-orders/{work_order}/estimate",
            json!({"amount": usd(25_000)}),
        ),
        post(
            "/api/maintenance/work-orders/{work_order}/assign",
            json!({"vendor": "{vendor}"}),
        ),
        post(
            "/api/maintenance/work-orders/{work_order}/schedule",
            json!({"on": "2199-01-01"}),
        ),
        post(
            "/api/maintenance/work-orders/{work_order}/pause",
            json!({"reason": "A part"}),
        ),
        post("/api/maintenance/work-orders/{work_order}/resume", json!({})),
        get("/api/maintenance/work-orders?property={property}&unit={unit}&priority=medium&status=scheduled"),
        get("/api/maintenance/work-orders?vendor={vendor}"),
        post(
            "/api/maintenance/work-orders/{work_order}/done",
            json!({"notes": "Replaced the valve"}),
        ),
        post("/api/maintenance/work-orders/{work_order}/complete", json!({})),
        post(
            "/api/maintenance/work-orders/{work_order}/reopen",
            json!({"reason": "It drips"}),
        ),
        get("/api/maintenance/work-orders/{work_order}"),
        post(
            "/api/maintenance/work-orders/{work_order}/cancel",
            json!({"reason": "Sold"}),
        ),
    ]
}

fn request() -> Value {
    json!({
        "property": "{property}",
        "unit": "{unit}",
        "resident": "{ada}",
        "category": "plumbing",
        "priority": "medium",
        "summary": "No heat",
        "description": "The radiator in the kitchen stays cold.",
        "permissionToEnter": true,
    })
}

fn home_request() -> Value {
    json!({
        "commonArea": false,
        "category": "pest",
        "priority": "low",
        "summary": "A mouse",
        "description": "It is small.",
        "permissionToEnter": true,
    })
}

fn work() -> Value {
    json!({
        "property": "{property}",
        "unit": "{unit}",
        "category": "plumbing",
        "priority": "medium",
        "summary": "Valves",
        "description": "All of them.",
    })
}
