//! `serve` killed again and again under load: what was acknowledged is there, once, and the read models are those of an
//! undisturbed run.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use projections::search::Node;
use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use store::{connect, personal::PersonalData, secrets::Secrets};
use streams::{Feed, LogSource, Reader};
use tests::{Installation, Serving, sources::root};
use tokio::{
    sync::RwLock,
    task::JoinSet,
    time::{Instant, sleep},
};
use uuid::Uuid;

use crate::PROPERTYOS;

const KILLS: u32 = 20;
const CLIENTS: u64 = 8;
/// No condition is waited for longer.
const LIMIT: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Where the clients find the server of the moment, and whether they are to go on.
struct Load {
    url: RwLock<String>,
    token: String,
    leases: Vec<Uuid>,
    goes_on: AtomicBool,
    /// How many commands were acknowledged.
    acknowledged: AtomicU64,
}

impl Load {
    /// Waits until so many more commands are acknowledged.
    async fn goes_on_for(&self, commands: u64) {
        let enough = self.acknowledged.load(Ordering::Relaxed) + commands;
        let until = Instant::now() + LIMIT;
        while self.acknowledged.load(Ordering::Relaxed) < enough {
            assert!(Instant::now() < until, "no command is acknowledged any more");
            sleep(LOOK_EVERY).await;
        }
    }
}

/// A command that was acknowledged: its key, and the aggregate that it made.
type Acknowledged = HashMap<Uuid, Uuid>;

/// Sends commands one after the other, each until it is acknowledged, under one key however often it is sent.
async fn client(load: Arc<Load>, seed: u64) -> Acknowledged {
    let mut random = StdRng::seed_from_u64(seed);
    let http = Client::new();
    let mut acknowledged = Acknowledged::new();
    while load.goes_on.load(Ordering::Relaxed) {
        let key = Uuid::from_u128(random.random());
        let (path, body) = command(&load.leases, &mut random, key);
        let id = send(&load, &http, key, path, &body).await;
        acknowledged.insert(key, id);
        load.acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    acknowledged
}

/// A receipt on some lease, or a new resident.
fn command(leases: &[Uuid], random: &mut StdRng, key: Uuid) -> (&'static str, Value) {
    if random.random_bool(0.7) {
        let receipt = json!({
            "lease": leases[random.random_range(0..leases.len())],
            "amount": {"minor": random.random_range(1_000..200_000), "currency": "USD"},
            "method": "ach",
            "reference": key.to_string(),
        });
        ("/api/payments/process", receipt)
    } else {
        (
            "/api/tenants",
            json!({"givenName": "Ada", "familyName": key.to_string()}),
        )
    }
}

async fn send(load: &Load, http: &Client, key: Uuid, path: &str, body: &Value) -> Uuid {
    let until = Instant::now() + LIMIT;
    loop {
        let url = format!("{}{path}", load.url.read().await);
        let request = http
            .post(url)
            .bearer_auth(&load.token)
            .header("Idempotency-Key", key.to_string());
        match request.json(body).send().await {
            Ok(answer) if answer.status() == StatusCode::CREATED => {
                if let Ok(answer) = answer.json::<Value>().await {
                    return answer["id"].as_str().unwrap().parse().unwrap();
                }
            }
            Ok(answer)
                if answer.status() == StatusCode::SERVICE_UNAVAILABLE || answer.status() == StatusCode::CONFLICT => {}
            Ok(answer) => panic!("{}: {}", answer.status(), answer.text().await.unwrap_or_default()),
            Err(_) => {}
        }
        assert!(Instant::now() < until, "{key} was never acknowledged");
        sleep(LOOK_EVERY).await;
    }
}

/// Waits until a writing transaction of the server is open; whether one was, within its bound.
async fn a_transaction_is_open(database: &mut PgConnection) -> bool {
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND usename = 'propertyos_app' AND xact_start IS NOT NULL
                AND query LIKE '%append_%'",
        )
        .fetch_one(&mut *database)
        .await
        .unwrap();
        if open > 0 {
            return true;
        }
    }
    false
}

async fn leases(database: &mut PgConnection) -> Vec<Uuid> {
    sqlx::query_scalar("SELECT aggregate_id FROM events WHERE aggregate_type = 'lease' AND sequence = 1 ORDER BY 1")
        .fetch_all(database)
        .await
        .unwrap()
}

/// Waits until all read models of the process have applied all there is.
async fn caught_up(serving: &Serving, database: &mut PgConnection) {
    let until = Instant::now() + LIMIT;
    loop {
        let behind: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM checkpoints c
              WHERE c.position < coalesce((SELECT max(position) FROM events e WHERE e.shard = c.shard), 0)",
        )
        .fetch_one(&mut *database)
        .await
        .unwrap();
        if behind == 0 {
            return;
        }
        assert!(
            Instant::now() < until,
            "the read models don't catch up\n{}",
            serving.printed()
        );
        sleep(Duration::from_millis(20)).await;
    }
}

async fn every_acknowledged_command_is_there_once(database: &mut PgConnection, acknowledged: &Acknowledged) {
    let written: Vec<(Uuid, Uuid, i64)> = sqlx::query_as(
        "SELECT command_id, min(aggregate_id::text) FILTER (WHERE command_index = 0)::uuid, count(*) FILTER (WHERE command_index = 0)
           FROM events WHERE command_id = ANY($1) GROUP BY command_id",
    )
    .bind(acknowledged.keys().copied().collect::<Vec<_>>())
    .fetch_all(&mut *database)
    .await
    .unwrap();
    assert_eq!(written.len(), acknowledged.len(), "an acknowledged command is lost");
    for (command, aggregate, times) in written {
        assert_eq!((acknowledged[&command], 1), (aggregate, times), "command {command}");
    }
    let begun: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM events WHERE event_type IN ('payment.initiated', 'tenant.created') AND command_id = ANY($1)",
    )
    .bind(acknowledged.keys().copied().collect::<Vec<_>>())
    .fetch_one(&mut *database)
    .await
    .unwrap();
    assert_eq!(
        usize::try_from(begun).unwrap(),
        acknowledged.len(),
        "a command was written twice"
    );
    let holes: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT shard, max(position) - count(*) AS holes FROM events GROUP BY shard) s WHERE holes <> 0",
    )
    .fetch_one(database)
    .await
    .unwrap();
    assert_eq!(holes, 0, "positions have holes");
}

/// The entries of the index that was killed with its process, and those of one that was made in peace.
async fn search_is_that_of_an_undisturbed_run(installation: &Installation) {
    let database = installation.database().unwrap();
    let pools = connect(&database.settings()).await.unwrap();
    let secrets = Secrets::in_folder(&installation.data_folder().join("secrets")).unwrap();
    let reader = Reader::new(pools.stream.clone(), PersonalData::new(secrets.master));
    let feed = Feed::new(LogSource::new(pools.stream.clone()), reader);
    let peace = tempfile::tempdir().unwrap();
    let mut undisturbed = Node::open(peace.path()).unwrap();
    let mut killed = Node::open(&installation.data_folder().join("search")).unwrap();
    for node in [&mut undisturbed, &mut killed] {
        while node.step(&feed).await.unwrap() > 0 {}
    }
    assert!(
        killed.dump().unwrap() == undisturbed.dump().unwrap(),
        "the search index is another"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serve_that_is_killed_loses_nothing_and_writes_nothing_twice() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let installation = Installation::on_shared_server(PROPERTYOS).await;
    let mut serving = installation.serve().await;
    let sample = root().join("docs/samples/rent-roll.csv");
    installation
        .output(&["import", "rent-roll", sample.to_str().unwrap(), "--as-of", "2026-11-01"])
        .await;
    let mut database = PgConnection::connect(&installation.database().unwrap().superuser_url())
        .await
        .unwrap();

    let load = Arc::new(Load {
        url: RwLock::new(serving.at("")),
        token: installation.output(&["token", "--role", "admin"]).await,
        leases: leases(&mut database).await,
        goes_on: AtomicBool::new(true),
        acknowledged: AtomicU64::new(0),
    });
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(client(load.clone(), random.random()));
    }
    let mut inside = 0;
    for _ in 0..KILLS {
        load.goes_on_for(random.random_range(10..100)).await;
        inside += u32::from(a_transaction_is_open(&mut database).await);
        serving.kill().await;
        serving = installation.serve().await;
        *load.url.write().await = serving.at("");
    }
    load.goes_on.store(false, Ordering::Relaxed);
    let acknowledged: Acknowledged = clients.join_all().await.into_iter().flatten().collect();
    println!(
        "{KILLS} kills, {inside} inside an open transaction, {} commands",
        acknowledged.len()
    );
    assert!(
        inside * 2 >= KILLS,
        "only {inside} of {KILLS} kills hit an open transaction"
    );

    every_acknowledged_command_is_there_once(&mut database, &acknowledged).await;
    caught_up(&serving, &mut database).await;
    for read_model in ["ledger", "dashboard", "directory"] {
        let killed = installation.output(&["replay", "dump", read_model]).await;
        installation.output(&["replay", "rebuild", read_model]).await;
        let undisturbed = installation.output(&["replay", "dump", read_model]).await;
        assert!(killed.lines().count() > 100, "{read_model} is empty");
        assert!(killed == undisturbed, "{read_model} isn't that of an undisturbed run");
    }
    assert!(serving.stop().await.success());
    search_is_that_of_an_undisturbed_run(&installation).await;
}
