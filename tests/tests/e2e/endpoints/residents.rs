//! A resident sees what is theirs, and of everything else not even that it is there.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    office::{Office, Teller},
    roles::who_may,
    story::{Known, Step, get, post, story, usd},
};

/// Whether a resident may take this step for what is hers.
fn is_adas(step: &Step) -> bool {
    who_may(step).contains("tenant") && !step.things().iter().any(|thing| thing.starts_with("bob"))
}

async fn token_of(teller: &Teller<'_>, resident: &str) -> String {
    let id = teller.known.id(resident);
    teller.office.token(&teller.organization, "tenant", Some(id)).await
}

#[tokio::test]
async fn a_resident_does_what_is_theirs_and_finds_nothing_of_anyone_else() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    let mut taken = 0;
    for step in story() {
        if !is_adas(&step) {
            teller.tell(&step).await;
            continue;
        }
        let (ada, bob) = (token_of(&teller, "ada").await, token_of(&teller, "bob").await);
        let heads = office.heads().await;
        let anothers = teller.ask(&step, &teller.known, &bob).await;
        assert_eq!(anothers.status, StatusCode::NOT_FOUND, "Ada's, as Bob: {anothers}");
        let nothing = teller.ask(&step, &nowhere(&teller.known), &bob).await;
        assert_eq!(anothers.text, nothing.text, "it shows that it is there: {step}");
        assert_eq!(office.heads().await, heads, "{step} wrote something");
        let own = teller.ask(&step, &teller.known, &ada).await;
        assert!(own.status.is_success(), "Ada's, as Ada: {own}");
        teller.keep(&step, &own);
        taken += 1;
    }
    assert!(taken > 12, "only {taken} steps were a resident's");
    assert!(office.serving.stop().await.success());
}

/// The same things, but none of them exists.
fn nowhere(known: &Known) -> Known {
    known.all(&Uuid::from_u128(0xabcde).to_string())
}

#[tokio::test]
async fn a_list_shows_a_resident_their_own_only() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    for step in story() {
        teller.tell(&step).await;
    }
    for (resident, leases) in [("ada", vec!["lease"]), ("bob", vec!["bobs_lease", "draft"])] {
        let token = token_of(&teller, resident).await;
        let shown = teller.ask(&get("/api/leases"), &teller.known, &token).await;
        let own: BTreeSet<_> = leases.iter().map(|lease| teller.known.id(lease)).collect();
        assert_eq!(values(&shown.body, "id"), own, "leases of {resident}");
        let due = teller.ask(&get("/api/payments/due"), &teller.known, &token).await;
        assert_eq!(due.status, StatusCode::OK, "{due}");
        assert!(values(&due.body, "lease").is_subset(&own), "due of {resident}: {due}");
        assert_eq!(values(&due.body, "lease").is_empty(), resident == "bob", "{due}");
    }
    assert!(office.serving.stop().await.success());
}

/// What this field has in the items of a list.
fn values<'a>(list: &'a Value, field: &str) -> BTreeSet<&'a str> {
    let items = list["items"].as_array().unwrap_or_else(|| panic!("no list: {list}"));
    items.iter().map(|item| item[field].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_resident_pays_for_no_lease_and_no_charge_of_anyone_else() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    for step in story() {
        teller.tell(&step).await;
    }
    let bob = token_of(&teller, "bob").await;
    let own = json!({"lease": "{bobs_lease}", "amount": usd(20_000), "method": "ach", "reference": "ach-9"});
    let mut for_anothers_lease = own.clone();
    for_anothers_lease["lease"] = json!("{lease}");
    let mut for_anothers_charge = own.clone();
    for_anothers_charge["designations"] = json!([{"to": "charge", "charge": "{charge}", "amount": usd(500)}]);
    let heads = office.heads().await;
    for body in [for_anothers_lease, for_anothers_charge] {
        let step = post("/api/tenants/{bob}/payments", body);
        let refused = teller.ask(&step, &teller.known, &bob).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{refused}");
    }
    assert_eq!(office.heads().await, heads, "something was written");
    let step = post("/api/tenants/{bob}/payments", own);
    let done = teller.ask(&step, &teller.known, &bob).await;
    assert_eq!(done.status, StatusCode::CREATED, "{done}");
    assert!(office.serving.stop().await.success());
}
