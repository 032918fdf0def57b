//! What the tests share: a log to append to, and a runner that works until all is applied.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, NaiveDate};
use commands::{
    Metrics,
    log::{AppendError, EventLog, NewCommand, NewEvent, StreamId},
};
use domain::ids::{CommandId, OrganizationId};
use prometheus_client::{encoding::text::encode, registry::Registry};
use schemas::{Cursor, Metadata, Shard};
use serde_json::value::RawValue;
use sqlx::PgPool;
use store::{
    MigrationSet, Pools,
    personal::{MasterKey, PersonalData},
    testing::{TestDatabase, TestServer},
};
use streams::{
    Feed, Limit, LogSource, Progress, Reader, Runner, RunnerError, Settings, Source, Telemetry, Version, Waited,
};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::tally::Tally;

pub const SCHEMA: &[MigrationSet] = &[
    ("store", store::MIGRATIONS),
    ("commands", commands::MIGRATIONS),
    ("streams", streams::MIGRATIONS),
];

/// Within this, whatever a test waits for happens, or the test fails.
pub const SOON: Duration = Duration::from_secs(30);

/// Organizations on three different shards.
pub const ONE: OrganizationId = OrganizationId(Uuid::from_u128(1));
pub const TWO: OrganizationId = OrganizationId(Uuid::from_u128(2));
pub const THREE: OrganizationId = OrganizationId(Uuid::from_u128(3));

/// A database, its log, and what reads it.
pub struct World {
    pub database: TestDatabase,
    pub pools: Pools,
    /// The superuser's connections, which no policy binds and no test breaks.
    behind: PgPool,
    pub personal: PersonalData,
    log: EventLog,
    sequences: Mutex<HashMap<(OrganizationId, Uuid), i64>>,
    commands: Mutex<u128>,
}

impl World {
    pub async fn new() -> Self {
        Self::of(TestDatabase::new(SCHEMA).await).await
    }

    pub async fn on(server: &Arc<TestServer>) -> Self {
        Self::of(server.database(SCHEMA).await).await
    }

    async fn of(database: TestDatabase) -> Self {
        let pools = database.pools().await;
        Self {
            log: EventLog::new(pools.app.clone(), Metrics::default()),
            behind: PgPool::connect_lazy(&database.superuser_url()).unwrap(),
            personal: PersonalData::new(MasterKey::new(&[7; 32]).unwrap()),
            pools,
            database,
            sequences: Mutex::default(),
            commands: Mutex::default(),
        }
    }

    /// The same database for a process that starts now: after a new epoch nothing that was known before may be relied on.
    pub async fn reopened(self) -> Self {
        Self {
            log: EventLog::new(self.pools.app.clone(), Metrics::default()),
            sequences: Mutex::new(self.stored_sequences().await),
            ..self
        }
    }

    async fn stored_sequences(&self) -> HashMap<(OrganizationId, Uuid), i64> {
        let rows: Vec<(Uuid, Uuid, i64)> =
            sqlx::query_as("SELECT tenant_id, aggregate_id, max(sequence) FROM events GROUP BY 1, 2")
                .fetch_all(&self.pools.stream)
                .await
                .unwrap();
        rows.into_iter()
            .map(|(organization, vendor, sequence)| ((OrganizationId(organization), vendor), sequence))
            .collect()
    }

    /// How many rows of the log were read, once the stream role's connections, which this ends, have told what they read.
    pub async fn rows_read_of_the_log(&self) -> u32 {
        let until = Instant::now() + SOON;
        loop {
            let (open, read): (i64, i64) = sqlx::query_as(
                "SELECT (SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                          WHERE datname = current_database() AND usename = 'propertyos_stream'),
                        (SELECT sum(seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_all_tables
                          WHERE relname LIKE 'events\\_%')",
            )
            .fetch_one(&self.behind)
            .await
            .unwrap();
            if open == 0 {
                return u32::try_from(read).unwrap();
            }
            assert!(Instant::now() < until, "{open} connections are still open");
            tokio::task::yield_now().await;
        }
    }

    /// Appends so many events about a vendor, and says where the last one stands.
    pub async fn append(&self, organization: OrganizationId, vendor: u128, events: u32) -> Cursor {
        let payloads = (0..events).map(|_| ("vendor.unblocked", r#"{"type":"vendor.unblocked"}"#.to_owned()));
        self.append_all(organization, vendor, payloads.collect(), Vec::new())
            .await
    }

    /// Appends events by name and payload.
    pub async fn append_all(
        &self,
        organization: OrganizationId,
        vendor: u128,
        payloads: Vec<(&'static str, String)>,
        person_keys: Vec<(domain::ids::PersonId, Vec<u8>)>,
    ) -> Cursor {
        let stream = StreamId {
            aggregate_type: "vendor",
            aggregate_id: Uuid::from_u128(vendor),
        };
        let count = i64::try_from(payloads.len()).unwrap();
        let expected = {
            let mut sequences = self.sequences.lock().unwrap();
            let sequence = sequences.entry((organization, stream.aggregate_id)).or_default();
            *sequence += count;
            *sequence - count
        };
        let command = {
            let mut commands = self.commands.lock().unwrap();
            *commands += 1;
            *commands
        };
        let event = |(number, (event_type, payload)): (usize, (&'static str, String))| NewEvent {
            stream,
            event_id: Uuid::from_u128(command << 32 | number as u128),
            event_type: event_type.into(),
            event_version: 1,
            payload: RawValue::from_string(payload).unwrap(),
        };
        let command = NewCommand {
            organization,
            command_id: CommandId(Uuid::from_u128(command)),
            command_hash: vec![7; 32],
            metadata: Metadata {
                actor: Uuid::from_u128(9),
                correlation_id: Uuid::from_u128(command),
                causation_id: None,
                occurred_at: DateTime::UNIX_EPOCH,
                effective_date: NaiveDate::default(),
                traceparent: None,
            },
            expectations: vec![(stream, expected)],
            events: payloads.into_iter().enumerate().map(event).collect(),
            person_keys,
        };
        // A server that has just come back still breaks the connections it had: the same command is sent again.
        let until = Instant::now() + SOON;
        let appended = loop {
            match self.log.append(command.clone()).await {
                Err(AppendError::Unavailable { .. }) if Instant::now() < until => tokio::task::yield_now().await,
                result => break result.unwrap(),
            }
        };
        Cursor {
            epoch: appended.epoch,
            shard: appended.shard,
            position: appended.last_position,
        }
    }

    /// Appends some 150 events of three organizations and their vendors, in turns.
    pub async fn append_a_history(&self) {
        for round in 0..6 {
            for organization in [ONE, TWO, THREE] {
                for vendor in 1..=3 {
                    let events = 1 + u32::try_from((round * vendor) % 5).unwrap();
                    self.append(organization, vendor, events).await;
                }
            }
        }
    }

    pub fn reader(&self) -> Reader {
        Reader::new(self.pools.stream.clone(), self.personal.clone())
    }

    pub fn feed(&self) -> Arc<Feed> {
        self.feed_of(LogSource::new(self.pools.stream.clone()))
    }

    pub fn feed_of(&self, source: impl Source + 'static) -> Arc<Feed> {
        Arc::new(Feed::new(source, self.reader()))
    }

    /// Starts a runner of this projection.
    pub fn run(&self, projection: &Tally) -> Running {
        self.run_with(projection, self.feed(), QUICK)
    }

    pub fn run_with(&self, projection: &Tally, feed: Arc<Feed>, settings: Settings) -> Running {
        let (telemetry, progress) = (Telemetry::default(), Arc::new(Progress::default()));
        let stop = CancellationToken::new();
        let runner = Runner::new(
            self.pools.stream.clone(),
            feed,
            vec![Arc::new(projection.clone())],
            settings,
        )
        .with_telemetry(telemetry.clone())
        .with_progress(progress.clone());
        Running {
            ended: tokio::spawn(runner.run(stop.clone())),
            version: Version::of(projection),
            telemetry,
            progress,
            stop,
        }
    }

    /// Waits until the runner has applied what is in the log now.
    pub async fn until_applied(&self, running: &Running) {
        let heads = self.heads().await;
        for (shard, position) in Shard::all().zip(heads) {
            let head = Cursor {
                position,
                ..Cursor::start(shard)
            };
            let waited = running.progress.wait_here(running.version.projection, head, SOON).await;
            assert_eq!(waited, Waited::Passed, "{head}: {:?}", running.telemetry.health());
        }
    }

    /// The last position of each shard.
    pub async fn heads(&self) -> Vec<i64> {
        sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM events WHERE shard = s) FROM generate_series(0, 15) s ORDER BY s",
        )
        .fetch_all(&self.behind)
        .await
        .unwrap()
    }

    /// Runs this projection until all is applied, and tells its read model.
    pub async fn apply(&self, projection: &Tally) -> String {
        self.apply_from(projection, self.feed()).await
    }

    pub async fn apply_from(&self, projection: &Tally, feed: Arc<Feed>) -> String {
        let running = self.run_with(projection, feed, QUICK);
        self.until_applied(&running).await;
        running.stop().await.unwrap();
        self.dump(projection).await
    }

    pub async fn dump(&self, projection: &Tally) -> String {
        streams::dump(&self.behind, Version::of(projection)).await.unwrap()
    }

    /// Runs a statement that no role of the system may run.
    pub async fn tamper(&self, sql: &str) {
        sqlx::raw_sql(sql).execute(&self.behind).await.unwrap();
    }

    /// What a query without parameters answers.
    pub async fn ask<T>(&self, sql: &str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        sqlx::query_scalar(sql).fetch_one(&self.behind).await.unwrap()
    }

    /// Waits until a query answers `true`.
    pub async fn until(&self, sql: &str) {
        until(sql, async || self.ask(sql).await).await;
    }
}

/// Looks until something holds, or fails when it doesn't soon.
pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    let looking = async {
        while !holds().await {
            looks.tick().await;
        }
    };
    tokio::time::timeout(SOON, looking).await.expect(what);
}

/// The event at a position, by its id.
pub async fn event_at(world: &World, cursor: Cursor) -> Uuid {
    world
        .ask(&format!(
            "SELECT event_id FROM events WHERE shard = {} AND position = {}",
            cursor.shard, cursor.position
        ))
        .await
}

/// Leases that end soon, so that tests needn't wait long for it.
pub const QUICK: Settings = Settings {
    lease: Duration::from_millis(600),
    poll: Duration::from_millis(20),
    batch: Limit {
        events: 100,
        bytes: 1 << 20,
    },
    transaction: Duration::from_secs(30),
    grace: Duration::from_secs(10),
};

/// A runner at work.
pub struct Running {
    pub version: Version,
    pub telemetry: Telemetry,
    pub progress: Arc<Progress>,
    pub stop: CancellationToken,
    pub ended: JoinHandle<Result<(), RunnerError>>,
}

impl Running {
    pub async fn stop(self) -> Result<(), RunnerError> {
        self.stop.cancel();
        self.ended().await
    }

    /// Waits until it has ended by itself.
    pub async fn ended(self) -> Result<(), RunnerError> {
        tokio::time::timeout(SOON, self.ended)
            .await
            .expect("the runner ends")
            .unwrap()
    }
}

/// The metrics that something registers, as they are scraped.
pub fn metrics(register: impl FnOnce(&mut Registry)) -> String {
    let mut registry = Registry::default();
    register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    text
}

/// The value of one of the runner's metrics.
pub fn metric(telemetry: &Telemetry, name: &str) -> i64 {
    let text = metrics(|registry| telemetry.register(registry));
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("projection_{name}")) && !line.starts_with('#'))
        .expect(name);
    line.rsplit(' ').next().unwrap().parse().unwrap()
}
