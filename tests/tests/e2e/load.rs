//! Clients that send commands, each under one key until it is acknowledged, while something is done to the server; and what has
//! to be true afterwards.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::{Client, Response, StatusCode, header};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tests::{Installation, Serving, sources::root};
use tokio::{
    sync::RwLock,
    task::JoinSet,
    time::{Instant, sleep},
};
use uuid::Uuid;

const CLIENTS: usize = 8;
/// No condition is waited for longer.
const LIMIT: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How long the server answers any request: longer than its own time limit, by as much as a busy machine may need.
pub const ANSWERS_WITHIN: Duration = Duration::from_secs(25);

/// What may keep a command from being acknowledged at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disturbance {
    /// The server dies, and connections with it.
    ServerDies,
    /// The server lives, and its database is away: it has an answer to every request.
    DatabaseIsAway,
    /// Nothing: every request is carried out.
    None,
}

/// Clients at work.
pub struct Load {
    requests: Arc<Requests>,
    clients: JoinSet<Acknowledged>,
}

/// Where the clients find the server of the moment, and whether they are to go on.
struct Requests {
    url: RwLock<String>,
    token: String,
    disturbance: Disturbance,
    goes_on: AtomicBool,
    acknowledged: AtomicU64,
    refused: AtomicU64,
}

/// The commands that were acknowledged, by their keys.
pub type Acknowledged = HashMap<Uuid, Acknowledgement>;

/// A command that was acknowledged.
pub struct Acknowledgement {
    path: &'static str,
    body: Value,
    /// What it began.
    id: Uuid,
}

impl Load {
    /// Sets the clients to work, each on leases of its own, so that none is in another's way.
    pub fn start(url: String, token: &str, leases: &[Uuid], disturbance: Disturbance, random: &mut StdRng) -> Self {
        let requests = Arc::new(Requests {
            url: RwLock::new(url),
            token: token.to_owned(),
            disturbance,
            goes_on: AtomicBool::new(true),
            acknowledged: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        });
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let leases = leases.iter().skip(client).step_by(CLIENTS).copied().collect();
            clients.spawn(requests.clone().client(leases, random.random()));
        }
        Self { requests, clients }
    }

    /// The server is somewhere else.
    pub async fn turn_to(&self, url: String) {
        *self.requests.url.write().await = url;
    }

    /// Waits until so many more commands are acknowledged.
    pub async fn acknowledges(&mut self, commands: u64) {
        let counted = |requests: &Requests| requests.acknowledged.load(Ordering::Relaxed);
        self.counts(counted, commands, "no command is acknowledged any more")
            .await;
    }

    /// Waits until so many more requests are refused.
    pub async fn refuses(&mut self, requests: u64) {
        let counted = |requests: &Requests| requests.refused.load(Ordering::Relaxed);
        self.counts(counted, requests, "no request is refused").await;
    }

    async fn counts(&mut self, counted: impl Fn(&Requests) -> u64, more: u64, otherwise: &str) {
        let enough = counted(&self.requests) + more;
        let until = Instant::now() + LIMIT;
        while counted(&self.requests) < enough {
            if let Some(ended) = self.clients.try_join_next() {
                ended.expect("no client gives up");
            }
            assert!(Instant::now() < until, "{otherwise}");
            sleep(LOOK_EVERY).await;
        }
    }

    /// Ends the load, each client with its command acknowledged.
    pub async fn end(self) -> Acknowledged {
        self.requests.goes_on.store(false, Ordering::Relaxed);
        self.clients.join_all().await.into_iter().flatten().collect()
    }
}

impl Requests {
    /// Sends commands one after the other, each until it is acknowledged.
    async fn client(self: Arc<Self>, leases: Vec<Uuid>, seed: u64) -> Acknowledged {
        let mut random = StdRng::seed_from_u64(seed);
        let http = Client::builder().timeout(ANSWERS_WITHIN).build().unwrap();
        let mut acknowledged = Acknowledged::new();
        while self.goes_on.load(Ordering::Relaxed) {
            let key = Uuid::from_u128(random.random());
            let (path, body) = command(&leases, &mut random, key);
            let id = self.until_acknowledged(&http, key, path, &body).await;
            acknowledged.insert(key, Acknowledgement { path, body, id });
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        acknowledged
    }

    async fn until_acknowledged(&self, http: &Client, key: Uuid, path: &str, body: &Value) -> Uuid {
        let until = Instant::now() + LIMIT;
        loop {
            let url = format!("{}{path}", self.url.read().await);
            match send(http, &url, &self.token, key, body).await {
                Ok(answer) if answer.status() == StatusCode::CREATED => {
                    let read = answer.json::<Value>().await;
                    assert!(read.is_ok() || self.disturbance == Disturbance::ServerDies, "{read:?}");
                    if let Ok(answer) = read {
                        return answer["id"].as_str().unwrap().parse().unwrap();
                    }
                }
                Ok(answer) => {
                    assert_ne!(self.disturbance, Disturbance::None, "{}", answer.status());
                    is_refused_cleanly(answer).await;
                    self.refused.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => assert_eq!(self.disturbance, Disturbance::ServerDies, "{error:?}"),
            }
            assert!(Instant::now() < until, "{key} was never acknowledged");
            sleep(LOOK_EVERY).await;
        }
    }
}

/// A receipt on some lease, or a new resident.
fn command(leases: &[Uuid], random: &mut StdRng, key: Uuid) -> (&'static str, Value) {
    if random.random_bool(0.7) {
        let receipt = json!({
            "lease": leases[random.random_range(0..leases.len())],
            "amount": {"minor": random.random_range(1_000..200_000), "currency": "USD"},
            "method": "ach",
            "reference": key.to_string(),
            "receivedOn": "2026-11-02",
        });
        ("/api/payments/process", receipt)
    } else {
        (
            "/api/tenants",
            json!({"givenName": "Ada", "familyName": key.to_string()}),
        )
    }
}

async fn send(http: &Client, url: &str, token: &str, key: Uuid, body: &Value) -> reqwest::Result<Response> {
    let request = http
        .post(url)
        .bearer_auth(token)
        .header("Idempotency-Key", key.to_string());
    request.json(body).send().await
}

/// What a client is told while the database is away.
pub async fn is_refused_cleanly(answer: Response) {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let url = answer.url().clone();
    let words = answer.text().await.unwrap_or_default();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{url}: {words}");
    assert_eq!(
        headers[header::CONTENT_TYPE],
        "application/problem+json",
        "{url}: {words}"
    );
    let after = headers[header::RETRY_AFTER].to_str().unwrap().parse::<u16>();
    assert!(after.is_ok_and(|seconds| seconds > 0), "{url}: {headers:?}");
    let problem: Value = serde_json::from_str(&words).unwrap();
    assert_eq!(problem["status"], 503, "{url}: {words}");
}

/// Takes over the sample, as of a day before anything that the clients do.
pub async fn take_over_sample(installation: &Installation) {
    let sample = root().join("docs/samples/rent-roll.csv");
    installation
        .output(&["import", "rent-roll", sample.to_str().unwrap(), "--as-of", "2026-11-01"])
        .await;
}

/// A connection to what lies behind an installation, to which nothing is forbidden.
pub async fn superuser(installation: &Installation) -> PgConnection {
    let url = installation.database().unwrap().superuser_url();
    PgConnection::connect(&url).await.unwrap()
}

/// All leases, the first organization's.
pub async fn leases(database: &mut PgConnection) -> Vec<Uuid> {
    sqlx::query_scalar("SELECT aggregate_id FROM events WHERE aggregate_type = 'lease' AND sequence = 1 ORDER BY 1")
        .fetch_all(database)
        .await
        .unwrap()
}

/// How many are in the database.
const READ_MODELS: i64 = 3;

/// Waits until all read models have applied all there is, the search index included.
pub async fn caught_up(installation: &Installation, serving: &[&Serving], database: &mut PgConnection) {
    let until = Instant::now() + LIMIT;
    loop {
        let heads: Vec<(i16, i64)> = sqlx::query_as("SELECT shard, max(position) FROM events GROUP BY shard")
            .fetch_all(&mut *database)
            .await
            .unwrap();
        // A read model has no checkpoints before its projector has begun.
        let (begun, behind): (i64, Vec<String>) = sqlx::query_as(
            "SELECT count(*), coalesce(array_agg(c.projection || ' ' || c.shard || ' at ' || c.position) FILTER (WHERE
                      c.position < coalesce((SELECT max(position) FROM events e WHERE e.shard = c.shard), 0)), '{}')
               FROM checkpoints c JOIN read_models USING (projection, version)",
        )
        .fetch_one(&mut *database)
        .await
        .unwrap();
        let index = installation.data_folder().join("search");
        let marks = projections::search::marks_in(&index).unwrap();
        let found = heads.iter().all(|(shard, head)| {
            let mut read = marks.read.iter();
            read.any(|mark| (mark.cursor.shard.as_i16(), mark.cursor.position) == (*shard, *head))
        });
        if begun == READ_MODELS * 16 && behind.is_empty() && found {
            return;
        }
        if Instant::now() < until {
            sleep(Duration::from_millis(20)).await;
            continue;
        }
        let sessions = sessions(database).await;
        let printed: Vec<String> = serving.iter().map(|serving| serving.printed()).collect();
        panic!(
            "the read models don't catch up: {begun} checkpoints, behind {behind:?}; heads {heads:?}, search {:?}\n{sessions}\n{}",
            marks.read,
            printed.join("\n\n")
        );
    }
}

/// What the server's sessions do or wait for.
async fn sessions(database: &mut PgConnection) -> String {
    sqlx::query_scalar(
        "SELECT string_agg(concat_ws(' ', pid, usename, state, wait_event_type, wait_event, clock_timestamp() - state_change,
                                     'blocked by', pg_blocking_pids(pid), left(query, 100)), E'\\n')
           FROM pg_stat_activity WHERE usename LIKE 'propertyos_%'",
    )
    .fetch_one(database)
    .await
    .unwrap()
}

/// The rows of every read model.
pub async fn dumps(installation: &Installation) -> Vec<(&'static str, String)> {
    let mut dumps = Vec::new();
    for read_model in ["ledger", "dashboard", "directory", "search"] {
        let dump = installation.output(&["replay", "dump", read_model]).await;
        assert!(dump.lines().count() > 10, "{read_model} is empty");
        dumps.push((read_model, dump));
    }
    dumps
}

pub async fn every_acknowledged_command_is_there_once(database: &mut PgConnection, acknowledged: &Acknowledged) {
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
        assert_eq!((acknowledged[&command].id, 1), (aggregate, times), "command {command}");
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

/// Gives the same commands to another server, one after the other in the order in which the log of the first has them.
pub async fn give_again(serving: &Serving, token: &str, acknowledged: &Acknowledged, first: &mut PgConnection) {
    let order: Vec<Uuid> = sqlx::query_scalar(
        "SELECT command_id FROM events WHERE command_index = 0 AND command_id = ANY($1) ORDER BY shard, position",
    )
    .bind(acknowledged.keys().copied().collect::<Vec<_>>())
    .fetch_all(first)
    .await
    .unwrap();
    assert_eq!(order.len(), acknowledged.len());
    for key in order {
        let Acknowledgement { path, body, id } = &acknowledged[&key];
        let answer = send(serving.http(), &serving.at(path), token, key, body).await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED, "{key}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["id"], id.to_string(), "{key}");
    }
}
