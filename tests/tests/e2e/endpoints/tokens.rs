//! Who has no good token is nobody.

use reqwest::StatusCode;
use serde_json::json;
use tokio::time::{Duration, Instant, sleep};

use super::{
    office::{Answer, Office, Teller},
    story::{Step, story},
};

/// `{"alg":"none","typ":"JWT"}`
const UNSIGNED: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";

/// How long a running server may take to follow a rotation of its keys.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn without_a_good_token_nothing_is_shown_and_nothing_done() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    let bad = bad_tokens(&teller).await;
    for step in story() {
        let heads = office.heads().await;
        let without = Answer::to(teller.request(&step, &teller.known), &step).await;
        refused(&without, "no token");
        for (kind, token) in &bad {
            refused(&teller.ask(&step, &teller.known, token).await, kind);
        }
        let basic = teller.request(&step, &teller.known).basic_auth("admin", Some("admin"));
        refused(&Answer::to(basic, &step).await, "a password");
        assert_eq!(office.heads().await, heads, "{step} wrote something");
        teller.tell(&step).await;
    }
    assert!(office.serving.stop().await.success());
}

fn refused(answer: &Answer, kind: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{kind}: {answer}");
    assert_eq!(answer.header("www-authenticate"), "Bearer", "{kind}: {answer}");
    answer.field_at_fault();
}

/// Tokens that are none, by what is wrong with them.
async fn bad_tokens(teller: &Teller<'_>) -> Vec<(&'static str, String)> {
    let analyst = teller.office.token(&teller.organization, "analyst", None).await;
    let [header, claims, _] = parts(&teller.token);
    let [_, _, anothers] = parts(&analyst);
    let (rest, last) = anothers.split_at(anothers.len() - 8);
    let turned: String = last.chars().rev().collect();
    let organization = &teller.organization;
    let expired = [
        "token",
        "--organization",
        organization,
        "--role",
        "admin",
        "--ttl",
        "0s",
    ];
    let expired = teller.office.installation.output(&expired).await;
    vec![
        ("another's signature", format!("{header}.{claims}.{anothers}")),
        ("a broken signature", format!("{header}.{claims}.{rest}{turned}")),
        ("no signature", format!("{header}.{claims}.")),
        ("unsigned", format!("{UNSIGNED}.{claims}.")),
        ("expired", expired),
        ("no token at all", "letmein".to_owned()),
    ]
}

fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<_> = token.split('.').collect();
    parts.try_into().unwrap()
}

#[tokio::test]
async fn a_running_server_follows_the_rotation_of_its_keys() {
    let office = Office::open().await;
    let teller = office.organization("Lakeside").await;
    let [step] = story()
        .into_iter()
        .filter(|step| step.path == "/api/properties?status=offboarded")
        .collect::<Vec<_>>()
        .try_into()
        .unwrap_or_else(|_| panic!("the story lists properties once"));
    let keys = async || {
        let url = office.serving.at("/.well-known/jwks.json");
        Answer::to(office.serving.http().get(url), "the keys").await.body["keys"].clone()
    };
    let first = keys().await;
    assert_eq!(first.as_array().unwrap().len(), 1, "{first}");
    assert_eq!((&first[0]["kty"], &first[0]["crv"]), (&json!("OKP"), &json!("Ed25519")));
    assert!(first[0].get("d").is_none(), "the private part is shown");

    office.installation.output(&["keys", "rotate"]).await;
    let newer = office.token(&teller.organization, "admin", None).await;
    until(async || status(&teller, &step, &newer).await == StatusCode::OK).await;
    assert_eq!(
        status(&teller, &step, &teller.token).await,
        StatusCode::OK,
        "the old key still verifies"
    );
    assert_eq!(keys().await.as_array().unwrap().len(), 2);

    office.installation.output(&["keys", "rotate", "--revoke"]).await;
    until(async || status(&teller, &step, &teller.token).await == StatusCode::UNAUTHORIZED).await;
    assert_eq!(status(&teller, &step, &newer).await, StatusCode::UNAUTHORIZED);
    let newest = office.token(&teller.organization, "admin", None).await;
    assert_eq!(status(&teller, &step, &newest).await, StatusCode::OK);
    assert!(office.serving.stop().await.success());
}

async fn status(teller: &Teller<'_>, step: &Step, token: &str) -> StatusCode {
    teller.ask(step, &teller.known, token).await.status
}

async fn until(holds: impl AsyncFn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !holds().await {
        assert!(Instant::now() < end, "the server does not follow the rotation");
        sleep(Duration::from_millis(50)).await;
    }
}
