//! Events that can't be applied: what they belong to stands still and says so, the rest flows on, and once they are mended all is
//! as if nothing had been.

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};
use sqlx::{Executor, PgConnection};
use tests::{Installation, Serving};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::{
    PROPERTYOS,
    load::{caught_up, dumps, superuser},
};

const RENT_ROLL: &str = "Property,Unit,Tenant,Status,BD/BA,Sqft,Market Rent,Rent,Deposit,Lease From,Lease To,Past Due\n\
    Maple Court,101,Ada Nguyen,Current,2/1,900,1200.00,1150.00,1150.00,2026-01-01,2027-12-31,75.00\n\
    Maple Court,102,Grace Garcia,Current,1/1,700,1000.00,990.00,990.00,2026-02-01,2027-12-31,0.00\n\
    Maple Court,103,,Vacant-Unrented,1/1,700,1000.00,,,,,\n";

/// A question to each of the read models.
const QUESTIONS: [&str; 4] = [
    "/api/ledger/trial-balance",
    "/api/analytics/dashboard",
    "/api/properties",
    "/api/search?q=maple",
];

/// An organization with a small portfolio, and the token of its administrator.
struct Office {
    organization: Uuid,
    token: String,
}

impl Office {
    async fn open(installation: &Installation, name: &str) -> Self {
        let id = installation.output(&["org", "create", name]).await;
        let file = installation.folder().join("rent-roll.csv");
        std::fs::write(&file, RENT_ROLL).unwrap();
        let import = ["import", "rent-roll", file.to_str().unwrap(), "--as-of", "2026-11-01"];
        installation
            .output(&[&import[..], &["--organization", &id]].concat())
            .await;
        let token = ["token", "--role", "admin", "--organization", &id];
        Self {
            organization: id.parse().unwrap(),
            token: installation.output(&token).await,
        }
    }

    async fn ask(&self, serving: &Serving, path: &str, position: Option<&str>) -> Response {
        let mut request = serving.http().get(serving.at(path)).bearer_auth(&self.token);
        if let Some(position) = position {
            request = request.header("PropertyOS-Position", position);
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer
    }

    /// Takes up an applicant, and returns the position at which that is known.
    async fn take_up(&self, serving: &Serving, name: &str) -> String {
        let request = serving.http().post(serving.at("/api/tenants")).bearer_auth(&self.token);
        let answer = request.json(&json!({"familyName": name})).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.headers()["PropertyOS-Position"].to_str().unwrap().to_owned()
    }

    /// What the answers of the read models say that they lack, each as of this position.
    async fn incomplete_since(&self, serving: &Serving, position: &str) -> [Option<String>; 4] {
        let mut since = [const { None }; 4];
        for (path, since) in QUESTIONS.iter().zip(&mut since) {
            let answer = self.ask(serving, path, Some(position)).await;
            let header = answer.headers().get("PropertyOS-Incomplete-Since");
            let header = header.map(|value| value.to_str().unwrap().to_owned());
            // A report says it in its heading, for it may be printed.
            let answer: Value = answer.json().await.unwrap();
            *since = header.or_else(|| answer["heading"]["incompleteSince"].as_str().map(str::to_owned));
        }
        since
    }
}

/// An event of an organization as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
struct Stored {
    shard: i16,
    event_id: Uuid,
    event_version: i32,
    payload: String,
}

async fn first(database: &mut PgConnection, office: &Office, event_type: &str) -> Stored {
    sqlx::query_as(
        "SELECT shard, event_id, event_version, payload::text AS payload FROM events
          WHERE tenant_id = $1 AND event_type = $2 ORDER BY position LIMIT 1",
    )
    .bind(office.organization)
    .bind(event_type)
    .fetch_one(database)
    .await
    .unwrap()
}

/// Writes over an event, as only somebody can who owns the log and silences its triggers.
async fn write_over(database: &mut PgConnection, event: &Stored) {
    let leaf = format!("events_{}", event.shard);
    let silence = format!("ALTER TABLE {leaf} DISABLE TRIGGER USER");
    database.execute(silence.as_str()).await.unwrap();
    let written = sqlx::query(&format!(
        "UPDATE {leaf} SET event_version = $1, payload = $2::json WHERE event_id = $3"
    ))
    .bind(event.event_version)
    .bind(&event.payload)
    .bind(event.event_id)
    .execute(&mut *database)
    .await
    .unwrap();
    assert_eq!(written.rows_affected(), 1);
    let speak = format!("ALTER TABLE {leaf} ENABLE TRIGGER USER");
    database.execute(speak.as_str()).await.unwrap();
}

async fn parked(installation: &Installation) -> Vec<String> {
    let list = installation.output(&["parked", "list"]).await;
    list.lines().map(str::to_owned).collect()
}

/// Waits until health and metrics say of each read model how much of it stands still.
async fn until_told(serving: &Serving, count: i64) {
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let ready = serving.http().get(serving.at("/health/ready")).send().await.unwrap();
        assert!(ready.status().is_success());
        let ready: Value = ready.json().await.unwrap();
        let projections = ready["projections"].as_array().unwrap();
        assert_eq!(projections.len(), 4, "{ready}");
        let metrics = serving.http().get(serving.at("/metrics")).send().await.unwrap();
        let metrics = metrics.text().await.unwrap();
        let figures = metrics
            .lines()
            .filter(|line| line.starts_with("propertyos_projection_parked{") && line.ends_with(&format!(" {count}")));
        if projections.iter().all(|one| one["parked"] == count) && figures.count() == 4 {
            return;
        }
        assert!(Instant::now() < until, "{ready}\n{metrics}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_cannot_be_applied_stands_still_alone_until_it_is_mended() {
    let installation = Installation::on_shared_server(PROPERTYOS).await;
    installation.output(&["migrate"]).await;
    let sound = Office::open(&installation, "Sound").await;
    let newer = Office::open(&installation, "From the future").await;
    let spoilt = Office::open(&installation, "Spoilt").await;
    let mut database = superuser(&installation).await;
    let of_newer = first(&mut database, &newer, "lease.created").await;
    let of_spoilt = first(&mut database, &spoilt, "unit.created").await;
    let unknown = Stored {
        event_version: 99,
        ..of_newer.clone()
    };
    let impossible = Stored {
        payload: r#"{"impossible": true}"#.to_owned(),
        ..of_spoilt.clone()
    };
    for event in [&unknown, &impossible] {
        write_over(&mut database, event).await;
    }

    let serving = installation.serve().await;
    caught_up(&installation, &[&serving], &mut database).await;
    let list = parked(&installation).await;
    let of = |event: &Stored| {
        list.iter()
            .filter(|line| line.contains(&event.event_id.to_string()))
            .count()
    };
    assert_eq!((list.len(), of(&unknown), of(&impossible)), (8, 4, 4), "{list:?}");
    until_told(&serving, 2).await;

    // The others go on, and who stands still takes commands too.
    let position = sound.take_up(&serving, "Lovelace").await;
    assert_eq!(sound.incomplete_since(&serving, &position).await, [const { None }; 4]);
    let found = sound.ask(&serving, "/api/search?q=lovelace", Some(&position)).await;
    assert_eq!(found.json::<Value>().await.unwrap()["total"], 1);
    let behind = newer.take_up(&serving, "Hopper").await;
    let since = newer.incomplete_since(&serving, &behind).await;
    assert!(since.iter().all(Option::is_some), "{since:?}");
    let found = newer.ask(&serving, "/api/search?q=hopper", Some(&behind)).await;
    assert_eq!(found.json::<Value>().await.unwrap()["total"], 0);

    // Tried before it is mended, it stands still as before.
    let refused = installation.run(&["parked", "retry"]).await;
    assert_eq!(refused.status.code(), Some(1));
    let shown = installation
        .output(&["parked", "show", &unknown.event_id.to_string()])
        .await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let attempts: Vec<_> = shown.as_array().unwrap().iter().map(|one| &one["attempts"]).collect();
    assert_eq!(attempts, [2, 2, 2, 2], "{shown}");
    let refused = installation.run(&["replay", "verify"]).await;
    assert_eq!(refused.status.code(), Some(1));

    write_over(&mut database, &of_newer).await;
    installation
        .output(&["parked", "retry", &of_newer.event_id.to_string()])
        .await;
    assert_eq!(parked(&installation).await.len(), 4);
    assert_eq!(newer.incomplete_since(&serving, &behind).await, [const { None }; 4]);
    let found = newer.ask(&serving, "/api/search?q=hopper", Some(&behind)).await;
    assert_eq!(found.json::<Value>().await.unwrap()["total"], 1);
    write_over(&mut database, &of_spoilt).await;
    installation.output(&["parked", "retry"]).await;
    assert!(parked(&installation).await.is_empty());
    until_told(&serving, 0).await;

    // As if nothing had been.
    installation.output(&["replay", "verify"]).await;
    let retried = dumps(&installation).await;
    for read_model in ["ledger", "dashboard", "directory"] {
        installation.output(&["replay", "rebuild", read_model]).await;
    }
    assert!(retried == dumps(&installation).await);
    assert!(serving.stop().await.success());
}
