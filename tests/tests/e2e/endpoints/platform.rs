//! What stands around every request, and what the server says of itself.

use std::collections::BTreeMap;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, PgConnection, Postgres, Transaction};
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

use super::{
    office::{Answer, Office},
    story::story,
};

/// No condition is waited for longer.
const LIMIT: Duration = Duration::from_secs(30);

/// As the description of the system lists them.
const SECURITY_HEADERS: [(&str, &str); 6] = [
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("content-security-policy", "default-src 'self'"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "1; mode=block"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
];

async fn ask(office: &Office, method: Method, path: &str, token: &str) -> Answer {
    let request = office.serving.http().request(method, office.serving.at(path));
    Answer::to(request.bearer_auth(token), path).await
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let office = Office::open().await;
    let teller = office.organization("Lakeside").await;
    for (method, path, status) in [
        (Method::GET, "/health/live", 200),
        (Method::GET, "/metrics", 200),
        (Method::GET, "/openapi.json", 200),
        (Method::GET, "/api/properties", 200),
        (Method::POST, "/api/properties", 415),
        (Method::GET, "/api/properties/no-id", 400),
        (Method::GET, "/api/properties/00000000-0000-4000-8000-000000000000", 404),
        (Method::GET, "/nowhere", 404),
        (Method::PATCH, "/api/properties", 405),
    ] {
        let answer = ask(&office, method, path, &teller.token).await;
        assert_eq!(answer.status, status, "{answer}");
        for (name, value) in SECURITY_HEADERS {
            assert_eq!(answer.header(name), value, "{name} of {path}");
        }
        if path.starts_with("/api/") {
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
        if !answer.status.is_success() {
            answer.field_at_fault();
        }
    }
    let page = ask(&office, Method::GET, "/docs/", "").await;
    assert_eq!(page.status, StatusCode::OK, "{page}");
    for (name, value) in SECURITY_HEADERS {
        // Its styles and icons need more than the rest, but nothing from elsewhere.
        assert!(page.header(name).starts_with(value), "{name}: {}", page.header(name));
    }
    assert!(
        !page.text.contains("http"),
        "the documentation fetches something: {}",
        page.text
    );
    let refused = ask(&office, Method::PATCH, "/api/properties", &teller.token).await;
    assert_eq!(refused.header("allow"), "GET,HEAD,POST");
    assert!(office.serving.stop().await.success());
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_answered_and_can_be_repeated() {
    let office = Office::with(&[("PROPERTYOS_REQUEST_TIMEOUT", "500ms")]).await;
    let mut teller = office.organization("Lakeside").await;
    let [create, ..] = &story()[..] else {
        panic!("the story is empty")
    };
    teller.tell(create).await;
    let mut holds = office.installation.database().unwrap().superuser().await;
    let held = the_directory_held(&mut holds).await;
    let late = ask(&office, Method::GET, "/api/properties", &teller.token).await;
    assert_eq!(late.status, StatusCode::SERVICE_UNAVAILABLE, "{late}");
    assert_eq!(late.body["type"], "urn:propertyos:problem:timeout", "{late}");
    assert_eq!(late.header("retry-after"), "1");
    late.field_at_fault();
    held.rollback().await.unwrap();
    let answer = ask(&office, Method::GET, "/api/properties", &teller.token).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer}");
    assert!(office.serving.stop().await.success());
}

/// Keeps all who ask for the directory waiting, once its projector has made it.
async fn the_directory_held(holds: &mut PgConnection) -> Transaction<'_, Postgres> {
    let made = "SELECT to_regclass('directory_v2.entries') IS NOT NULL";
    until(async || sqlx::query_scalar(made).fetch_one(&mut *holds).await.unwrap()).await;
    let mut held = holds.begin().await.unwrap();
    held.execute("LOCK TABLE directory_v2.entries IN ACCESS EXCLUSIVE MODE")
        .await
        .unwrap();
    held
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_answers_what_is_in_flight() {
    let office = Office::open().await;
    let teller = office.organization("Lakeside").await;
    let mut holds = office.installation.database().unwrap().superuser().await;
    let mut held = the_directory_held(&mut holds).await;
    let url = office.serving.at("/api/properties");
    let request = office.serving.http().get(&url).bearer_auth(&teller.token);
    let in_flight = tokio::spawn(Answer::to(request, "in flight"));
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'directory_v2.entries'::regclass";
    until(async || sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut *held).await.unwrap() > 0).await;
    let stopped = tokio::spawn(office.serving.stop());
    let other = Client::new();
    until(async || other.get(&url).send().await.is_err()).await;
    held.rollback().await.unwrap();
    let answer = in_flight.await.unwrap();
    assert_eq!(answer.status, StatusCode::OK, "{answer}");
    assert!(stopped.await.unwrap().success());
}

async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !holds().await {
        assert!(Instant::now() < end, "it does not come to that");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_request_can_be_followed_from_its_caller_to_the_log() {
    let office = Office::open().await;
    let teller = office.organization("Lakeside").await;
    let [create, ..] = &story()[..] else {
        panic!("the story is empty")
    };
    let correlation = Uuid::from_u128(7).to_string();
    let request = teller.request(create, &teller.known).bearer_auth(&teller.token);
    let answer = Answer::to(request.header("x-correlation-id", &correlation), create).await;
    assert_eq!(answer.header("x-correlation-id"), correlation);
    let mut database = office.installation.database().unwrap().superuser().await;
    let recorded: String =
        sqlx::query_scalar("SELECT metadata->>'correlation_id' FROM events WHERE event_id = $1::uuid")
            .bind(answer.body["events"][0]["id"].as_str().unwrap())
            .fetch_one(&mut database)
            .await
            .unwrap();
    assert_eq!(recorded, correlation);
    let printed = office.serving.printed();
    let lines = printed.lines().filter(|line| line.contains(&correlation));
    let lines: Vec<Value> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(
        lines
            .iter()
            .any(|line| line["message"] == "answered" && line["status"] == 201),
        "{lines:?}"
    );
    let minted = ask(&office, Method::GET, "/health/live", "").await;
    minted.header("x-correlation-id").parse::<Uuid>().unwrap();
    assert!(office.serving.stop().await.success());
}

#[tokio::test]
async fn a_server_says_that_it_lives_and_is_ready() {
    let office = Office::open().await;
    let live = ask(&office, Method::GET, "/health/live", "").await;
    assert_eq!((live.status, live.body), (StatusCode::OK, json!({"status": "live"})));
    let ready = ask(&office, Method::GET, "/health/ready", "").await;
    assert_eq!(ready.status, StatusCode::OK, "{ready}");
    assert_eq!(
        (&ready.body["status"], &ready.body["database"]),
        (&json!("ready"), &json!("up"))
    );
    let projections = ready.body["projections"].as_array().unwrap().iter();
    let parked: BTreeMap<_, _> = projections
        .map(|projection| (projection["name"].as_str().unwrap(), projection["parked"].as_u64()))
        .collect();
    let expected = ["dashboard", "directory", "ledger", "search"].map(|name| (name, Some(0)));
    assert_eq!(parked, BTreeMap::from(expected));
    assert!(office.serving.stop().await.success());
}

/// The sum of a figure over its labels, if there is one.
fn figure(metrics: &str, name: &str) -> Option<f64> {
    let lines = metrics
        .lines()
        .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
    let values = lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap());
    values.reduce(|sum, value| sum + value)
}

#[tokio::test]
async fn the_figures_tell_what_was_done() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    let before = ask(&office, Method::GET, "/metrics", "").await.text;
    let story = story();
    for step in &story {
        teller.tell(step).await;
    }
    let commands = u32::try_from(story.iter().filter(|step| step.is_command()).count()).unwrap();
    let requests = u32::try_from(story.len()).unwrap();
    let after = ask(&office, Method::GET, "/metrics", "").await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(after.header("content-type"), kind);
    let now = |name: &str| figure(&after.text, name).unwrap_or_else(|| panic!("no {name} in\n{}", after.text));
    let grown = |name: &str| now(name) - figure(&before, name).unwrap_or_default();
    for (name, expected) in [
        ("propertyos_commands_total", commands),
        ("propertyos_append_batch_commands_sum", commands),
        ("propertyos_append_seconds_count", commands),
        // The first look at the figures is counted behind itself.
        ("propertyos_http_requests_total", requests + 1),
        ("propertyos_http_request_duration_seconds_count", requests + 1),
    ] {
        assert!(
            (grown(name) - f64::from(expected)).abs() < 0.5,
            "{name}: {} of {expected}",
            grown(name)
        );
    }
    assert!(grown("propertyos_projection_events_total") >= f64::from(commands));
    for name in ["append_conflicts_total", "projection_parked"] {
        assert!(now(&format!("propertyos_{name}")) < 0.5, "{name}");
    }
    for name in ["lag_events", "lag_seconds", "batch_events_count"] {
        assert!(now(&format!("propertyos_projection_{name}")) >= 0.0, "{name}");
    }
    assert!(office.serving.stop().await.success());
}
