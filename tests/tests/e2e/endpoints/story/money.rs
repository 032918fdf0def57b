//! What residents pay, what becomes of it, and what the books say.

use serde_json::{Value, json};

use super::{Step, get, post, usd};

pub fn steps() -> Vec<Step> {
    let mut steps = receipts();
    steps.extend(going_back());
    steps.extend(books());
    steps
}

fn receipts() -> Vec<Step> {
    vec![
        get("/api/bank-accounts?status=open"),
        post("/api/tenants/{ada}/payments", intent("ach-1")).keep("intent"),
        post("/api/payments/{intent}/complete", json!({"receivedOn": "2026-02-01"})),
        get("/api/tenants/{ada}/payments?status=completed"),
        get("/api/payments/{intent}"),
        post("/api/payments/process", cheque()).keep("cheque"),
        post("/api/payments/{cheque}/deposit", bank_deposit()),
        get("/api/payments/ledger?lease={lease}&payer={ada}&status=deposited"),
        get("/api/payments/due?lease={lease}&resident={ada}&property={property}&by=2026-03-31"),
        post("/api/payments/{intent}/deposit", bank_deposit()),
    ]
}

fn going_back() -> Vec<Step> {
    vec![
        post(
            "/api/payments/{intent}/return",
            json!({"bankFee": usd(1_500), "reason": "R01", "on": "2026-02-08"}),
        ),
        post("/api/tenants/{ada}/payments", intent("ach-2")).keep("failing"),
        post("/api/payments/{failing}/fail", json!({"reason": "No funds"})),
        post("/api/tenants/{ada}/payments", intent("ach-3")).keep("mistake"),
        post("/api/payments/{mistake}/void", json!({"reason": "Keyed in twice"})),
        post("/api/payments/{cheque}/dispute", json!({"reason": "Not signed"})),
        post("/api/payments/{cheque}/dispute/won", json!({})),
        post("/api/payments/{cheque}/dispute", json!({"reason": "Not signed at all"})),
        post("/api/payments/{cheque}/dispute/lost", json!({"bankFee": usd(2_000)})),
        // Nothing is owed yet on a lease that is only signed: all of it is free.
        post("/api/payments/process", cash()).keep("cash"),
        post("/api/payments/{cash}/deposit", bank_deposit()),
        post(
            "/api/payments/{cash}/refund",
            json!({"amount": usd(10_000), "reason": "Paid too much"}),
        ),
    ]
}

fn books() -> Vec<Step> {
    vec![
        get("/api/ledger/trial-balance?asOf=2026-03-31&basis=cash&property={property}"),
        get("/api/ledger/accounts/{code}?from=2026-01-01&to=2026-12-31&basis=accrual&property={property}&limit=5"),
        get("/api/ledger/rent-roll?asOf=2026-03-31&property={property}&format=csv"),
        get("/api/ledger/aged-receivables?asOf=2026-03-31&property={property}"),
        get("/api/ledger/leases/{lease}/statement?from=2026-01-01&to=2026-03-31"),
        get("/api/analytics/dashboard?property={property}&months=3"),
        get("/api/search?q=Elm&kind=property&status=active&limit=5&offset=0"),
    ]
}

fn intent(reference: &str) -> Value {
    json!({
        "lease": "{lease}",
        "amount": usd(20_000),
        "method": "ach",
        "reference": reference,
        "designations": [{"to": "charge", "charge": "{charge}", "amount": usd(500)}],
    })
}

fn cheque() -> Value {
    json!({
        "lease": "{lease}",
        "payer": "{ada}",
        "amount": usd(50_000),
        "method": "cheque",
        "reference": "1001",
        "designations": [
            {"to": "charge", "charge": "{charge}", "amount": usd(1_000)},
            {"to": "deposit", "deposit": "{deposit}", "amount": usd(10_000)},
        ],
        "receivedOn": "2026-02-03",
    })
}

fn cash() -> Value {
    json!({
        "lease": "{bobs_lease}",
        "payer": "{bob}",
        "amount": usd(30_000),
        "method": "cash",
        "receivedOn": "2026-02-01",
    })
}

fn bank_deposit() -> Value {
    json!({"fee": usd(100), "on": "2026-02-05", "bankAccount": "{operating_account}"})
}
