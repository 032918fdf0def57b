//! What the tests of the log share: databases with its schema, and commands to append.

use chrono::{DateTime, NaiveDate};
use commands::{
    Metrics,
    log::{EventLog, NewCommand, NewEvent, StreamId},
};
use domain::ids::{CommandId, OrganizationId};
use schemas::Metadata;
use serde_json::value::RawValue;
use store::{MigrationSet, testing::TestDatabase};
use uuid::Uuid;

pub const SCHEMA: &[MigrationSet] = &[("store", store::MIGRATIONS), ("commands", commands::MIGRATIONS)];

/// On shard 10.
pub const OURS: OrganizationId = OrganizationId(Uuid::from_u128(1));
/// On shard 5.
pub const THEIRS: OrganizationId = OrganizationId(Uuid::from_u128(2));

/// An empty log, and the database it is in.
pub async fn new_log() -> (TestDatabase, EventLog) {
    let database = TestDatabase::new(SCHEMA).await;
    let log = EventLog::new(database.pools().await.app, Metrics::default());
    (database, log)
}

pub fn vendor(n: u128) -> StreamId {
    StreamId {
        aggregate_type: "vendor",
        aggregate_id: Uuid::from_u128(n),
    }
}

/// A command of [`OURS`] without expectations or events yet.
pub fn command(id: u128) -> NewCommand {
    NewCommand {
        organization: OURS,
        command_id: CommandId(Uuid::from_u128(id)),
        command_hash: vec![7; 32],
        metadata: Metadata {
            actor: Uuid::from_u128(9),
            correlation_id: Uuid::from_u128(id),
            causation_id: None,
            occurred_at: DateTime::UNIX_EPOCH,
            effective_date: NaiveDate::default(),
            traceparent: None,
        },
        expectations: Vec::new(),
        events: Vec::new(),
        person_keys: Vec::new(),
    }
}

/// How tests spell out what a command writes.
pub trait Build {
    /// Rests on a stream at a sequence.
    fn expecting(self, stream: StreamId, sequence: i64) -> Self;
    /// Writes so many events to a stream that it rests on.
    fn writing(self, stream: StreamId, events: u32) -> Self;
    /// Is another organization's.
    fn of(self, organization: OrganizationId) -> Self;
}

impl Build for NewCommand {
    fn expecting(mut self, stream: StreamId, sequence: i64) -> Self {
        self.expectations.push((stream, sequence));
        self
    }

    fn writing(mut self, stream: StreamId, events: u32) -> Self {
        for _ in 0..events {
            let number = u128::try_from(self.events.len()).unwrap();
            self.events.push(NewEvent {
                stream,
                event_id: Uuid::from_u128(self.command_id.0.as_u128() << 32 | number),
                event_type: "vendor.unblocked".into(),
                event_version: 1,
                payload: RawValue::from_string(r#"{"type":"vendor.unblocked"}"#.into()).unwrap(),
            });
        }
        self
    }

    fn of(mut self, organization: OrganizationId) -> Self {
        self.organization = organization;
        self
    }
}
