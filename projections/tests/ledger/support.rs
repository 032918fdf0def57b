//! What the tests share: a log to write histories to, a runner that keeps the ledger, and another way to reckon its figures.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, NaiveDate};
use commands::{
    Metrics,
    log::{EventLog, NewCommand, NewEvent, StreamId, heads},
};
use domain::{
    ids::{CommandId, OrganizationId, PersonId},
    postings::{Basis, Books, JournalEntry, testing::Happened},
};
use projections::ledger::Ledger;
use schemas::{Cursor, Metadata, Shard};
use serde_json::value::RawValue;
use store::{
    MigrationSet, Pools,
    personal::{Keys, MasterKey, PersonalData, persons_in},
    testing::TestDatabase,
};
use streams::{
    Feed, Limit, LogSource, Progress, Projection, Reader, Runner, Settings, Telemetry, Version, Waited, rebuild,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const SCHEMA: &[MigrationSet] = &[
    ("store", store::MIGRATIONS),
    ("commands", commands::MIGRATIONS),
    ("streams", streams::MIGRATIONS),
];

/// Within this, whatever a test waits for happens, or the test fails.
const SOON: Duration = Duration::from_mins(1);

/// How many events a test's command carries; the log takes them as one.
const EVENTS_A_COMMAND: usize = 40;

pub fn organization(number: u64) -> OrganizationId {
    OrganizationId(Uuid::from_u128(u128::from(number) << 64 | 1))
}

/// A database with its log, and what reads it.
pub struct World {
    pub pools: Pools,
    pub personal: PersonalData,
    pub log: EventLog,
    /// Dropped with the rest.
    _database: TestDatabase,
    sequences: Mutex<HashMap<(OrganizationId, StreamId), i64>>,
    keys: tokio::sync::Mutex<Keys>,
}

impl World {
    pub async fn new() -> Self {
        let database = TestDatabase::new(SCHEMA).await;
        let pools = database.pools().await;
        streams::install(&pools.stream, &Ledger).await.unwrap();
        Self {
            log: EventLog::new(pools.app.clone(), Metrics::default()),
            personal: PersonalData::new(MasterKey::new(&[7; 32]).unwrap()),
            pools,
            _database: database,
            sequences: Mutex::default(),
            keys: tokio::sync::Mutex::default(),
        }
    }

    /// Writes what happened to an organization to the log, in order.
    pub async fn append(&self, organization: OrganizationId, happened: &[Happened]) {
        // A command takes effect on one day.
        for day in happened.chunk_by(|one, next| one.effective_on == next.effective_on) {
            for events in day.chunks(EVENTS_A_COMMAND) {
                let command = self.command(organization, events).await;
                self.log.append(command).await.unwrap();
            }
        }
    }

    async fn command(&self, organization: OrganizationId, happened: &[Happened]) -> NewCommand {
        let mut person_keys = Vec::new();
        let mut events = Vec::new();
        for event in happened {
            let payload = serde_json::to_string(&event.event).unwrap();
            let payload = self.seal(organization, payload, &mut person_keys).await;
            events.push(NewEvent {
                stream: stream(event),
                event_id: event.event_id,
                event_type: event.event.name().into(),
                event_version: 1,
                payload: RawValue::from_string(payload).unwrap(),
            });
        }
        let mut sequences = self.sequences.lock().unwrap();
        let mut expectations = Vec::new();
        for stream in happened.iter().map(stream).collect::<HashSet<_>>() {
            let sequence = sequences.entry((organization, stream)).or_default();
            expectations.push((stream, *sequence));
            *sequence += i64::try_from(events.iter().filter(|event| event.stream == stream).count()).unwrap();
        }
        let first = happened[0].event_id;
        NewCommand {
            organization,
            command_id: CommandId(Uuid::new_v5(&first, b"command")),
            command_hash: vec![7; 32],
            metadata: Metadata {
                actor: Uuid::from_u128(9),
                correlation_id: first,
                causation_id: None,
                occurred_at: DateTime::UNIX_EPOCH,
                effective_date: happened[0].effective_on,
                traceparent: None,
            },
            expectations,
            events,
            person_keys,
        }
    }

    async fn seal(&self, organization: OrganizationId, payload: String, new: &mut Vec<(PersonId, Vec<u8>)>) -> String {
        let mut keys = self.keys.lock().await;
        for person in persons_in(&payload).unwrap() {
            if !keys.has((organization, person)) {
                let (key, wrapped) = self.personal.new_key((organization, person)).unwrap();
                keys.insert((organization, person), key);
                new.push((person, wrapped));
            }
        }
        keys.seal(organization, &payload).unwrap().into_owned()
    }

    pub fn reader(&self) -> Reader {
        Reader::new(self.pools.stream.clone(), self.personal.clone())
    }

    /// Runs the ledger until it has applied what is in the log.
    pub async fn project(&self) {
        let feed = Arc::new(Feed::new(LogSource::new(self.pools.stream.clone()), self.reader()));
        let (telemetry, progress) = (Telemetry::default(), Arc::new(Progress::default()));
        let ledger: Arc<dyn Projection> = Arc::new(Ledger);
        let settings = Settings {
            poll: Duration::from_millis(20),
            ..Settings::default()
        };
        let runner = Runner::new(self.pools.stream.clone(), feed, vec![ledger], settings)
            .with_telemetry(telemetry.clone())
            .with_progress(progress.clone());
        let stop = CancellationToken::new();
        let running = tokio::spawn(runner.run(stop.clone()));
        let heads = heads(&self.pools.stream).await.unwrap();
        for (shard, position) in Shard::all().zip(heads) {
            let head = Cursor {
                position,
                ..Cursor::start(shard)
            };
            let waited = progress.wait_here("ledger", head, SOON).await;
            assert_eq!(waited, Waited::Passed, "{head}: {:?}", telemetry.health());
        }
        stop.cancel();
        running.await.unwrap().unwrap();
    }

    /// Builds the ledger anew, in batches of so many events.
    pub async fn rebuild(&self, events: usize) {
        let limit = Limit { events, bytes: 1 << 24 };
        rebuild(&self.pools.stream, &self.reader(), &Ledger, limit, |_| {})
            .await
            .unwrap();
    }

    pub async fn dump(&self) -> String {
        streams::dump(&self.pools.stream, Version::of(&Ledger)).await.unwrap()
    }

    /// What a query without parameters answers to the stream role.
    pub async fn ask<T>(&self, sql: &str) -> Vec<T>
    where
        T: Send + Unpin + for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow>,
    {
        sqlx::query_as(sql).fetch_all(&self.pools.stream).await.expect(sql)
    }
}

fn stream(happened: &Happened) -> StreamId {
    StreamId {
        aggregate_type: happened.event.aggregate_type(),
        aggregate_id: happened.aggregate_id,
    }
}

/// The journal by the posting table alone.
pub fn journal(happened: &[Happened]) -> Vec<JournalEntry> {
    let mut books = Books::default();
    let post = |event: &Happened| books.post(&event.source()).unwrap();
    happened.iter().flat_map(post).collect()
}

/// What the accounts come to on a day, reckoned line by line; those at zero are left out.
pub fn reckoned(
    entries: &[JournalEntry],
    basis: Basis,
    as_of: NaiveDate,
    property: Option<Uuid>,
) -> BTreeMap<i16, i64> {
    let mut sums = BTreeMap::new();
    let counted = entries
        .iter()
        .filter(|entry| entry.effective_on <= as_of)
        .filter(|entry| property.is_none_or(|property| entry.dimensions.property.0 == property));
    for line in counted.flat_map(|entry| &entry.lines) {
        if line.view.is_in(basis) {
            *sums.entry(line.account.code()).or_default() += line.signed();
        }
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}
