//! What the tests of the log share: databases with its schema, and commands to append.

use chrono::{DateTime, NaiveDate};
use commands::{
    Metrics,
    log::{EventLog, NewCommand, NewEvent, StreamId},
};
use domain::ids::{CommandId, OrganizationId};
use schemas::Metadata;
use serde_json::value::RawValue;
use sqlx::{PgConnection, Postgres, Row, error::DatabaseError, postgres::PgArguments, query::Query};
use store::{MigrationSet, testing::TestDatabase};
use uuid::Uuid;

pub const SCHEMA: &[MigrationSet] = &[("store", store::MIGRATIONS), ("commands", commands::MIGRATIONS)];

/// On shard 10.
pub const OURS: OrganizationId = OrganizationId(Uuid::from_u128(1));
/// On shard 5.
pub const THEIRS: OrganizationId = OrganizationId(Uuid::from_u128(2));
/// On shard 10 too.
pub const NEIGHBOURS: OrganizationId = OrganizationId(Uuid::from_u128(15));

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
    /// Says something else.
    fn hashed(self, byte: u8) -> Self;
}

impl Build for NewCommand {
    fn expecting(mut self, stream: StreamId, sequence: i64) -> Self {
        self.expectations.push((stream, sequence));
        self
    }

    fn writing(mut self, stream: StreamId, events: u32) -> Self {
        for _ in 0..events {
            let number = u32::try_from(self.events.len()).unwrap();
            self.events.push(NewEvent {
                stream,
                event_id: self.command_id.derive(number),
                event_type: "vendor.unblocked".into(),
                event_version: 1,
                payload: payload(r#"{"type":"vendor.unblocked"}"#),
            });
        }
        self
    }

    fn of(mut self, organization: OrganizationId) -> Self {
        self.organization = organization;
        self
    }

    fn hashed(mut self, byte: u8) -> Self {
        self.command_hash = vec![byte; 32];
        self
    }
}

pub fn payload(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

/// A call of the database's `append` by hand, as anyone with the API's connection could make it. Numbers count from 1.
#[derive(Clone, Default)]
pub struct Call {
    pub epoch: i32,
    pub commands: Vec<(OrganizationId, u128)>,
    /// Where each command is said to belong, by number of a shard; all to the first if there is none.
    pub homes: Vec<i32>,
    /// A position that the caller has seen of each shard.
    pub seen: i64,
    /// Command number, stream, expected sequence.
    pub streams: Vec<(i32, StreamId, i64)>,
    /// Command number, number of a stream that another command names.
    pub further: Vec<(i32, i32)>,
    /// Stream number.
    pub events: Vec<i32>,
    /// Command number, person.
    pub keys: Vec<(i32, u128)>,
}

impl Call {
    /// One command of [`OURS`] that writes one event to one new stream.
    pub fn plain() -> Self {
        Self {
            epoch: 1,
            commands: vec![(OURS, 1)],
            streams: vec![(1, vendor(1), 0)],
            events: vec![1],
            ..Self::default()
        }
    }

    /// Calls the function of a shard; the outcomes by command.
    pub async fn make(&self, connection: &mut PgConnection, shard: u8) -> Result<Vec<i32>, sqlx::Error> {
        let sql = format!(
            "SELECT outcomes FROM append_{shard}(
               $1, true, $2, $3, $4, $5, $6, $7, $8, $9, $18, $19, $10, $11, $12, $13, $14, $15, $16, $17)"
        );
        let (commands, streams): (Vec<i32>, Vec<i32>) = self.further.iter().copied().unzip();
        let call = self.bind(sqlx::query(&sql)).bind(commands).bind(streams);
        Ok(call.fetch_one(connection).await?.get(0))
    }

    /// Calls the function that trusts, of a shard or for several: which commands are stale, or `None` if nothing was written.
    pub async fn trust(&self, connection: &mut PgConnection, shards: &[u8]) -> Result<Option<Vec<i32>>, sqlx::Error> {
        self.trust_with(connection, shards, false).await
    }

    /// The same; if it is patient it waits for others who write the shard.
    pub async fn trust_with(
        &self,
        connection: &mut PgConnection,
        shards: &[u8],
        patient: bool,
    ) -> Result<Option<Vec<i32>>, sqlx::Error> {
        let of_shard = match shards {
            [shard] => format!("_{shard}"),
            _ => String::new(),
        };
        let sql = format!(
            "SELECT CASE WHEN heads IS NOT NULL THEN ARRAY(SELECT unnest(stale) ORDER BY 1) END FROM append_batch{of_shard}(
               $20, $21, array_fill($1, ARRAY[cardinality($21::int[])]), array_fill($23, ARRAY[cardinality($21)]), $22,
               $2, $3, $4, $5, $6, $7, $8, $9, $18, $19, $10, $11, $12, $13, $14, $15, $16, $17)"
        );
        let (commands, streams): (Vec<i32>, Vec<i32>) = self.further.iter().copied().unzip();
        let homes = if self.homes.is_empty() {
            vec![1; self.commands.len()]
        } else {
            self.homes.clone()
        };
        let call = self
            .bind(sqlx::query(&sql))
            .bind(commands)
            .bind(streams)
            .bind(patient)
            .bind(shards.iter().copied().map(i32::from).collect::<Vec<_>>())
            .bind(homes)
            .bind(self.seen);
        Ok(call.fetch_one(connection).await?.get(0))
    }

    /// Calls it as processes of earlier releases do: by command, its outcome and where it stands.
    pub async fn make_as_before(
        &self,
        connection: &mut PgConnection,
        shard: u8,
    ) -> Result<Vec<(i32, Option<i64>, Option<i64>)>, sqlx::Error> {
        let sql = format!(
            "SELECT outcome, first_position, last_position
               FROM append_{shard}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ORDER BY cmd"
        );
        let rows = self.bind(sqlx::query(&sql)).fetch_all(connection).await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect())
    }

    /// Calls the function for the first command alone: where it is written, if it is.
    pub async fn make_alone(&self, connection: &mut PgConnection, shard: u8) -> Result<Option<i64>, sqlx::Error> {
        let sql = format!(
            "SELECT append_one_{shard}($1, $18, ($2::uuid[])[1], ($3::uuid[])[1], ($4::bytea[])[1], ($5::text[])[1], $7, $8, $9, $10, $11, $12,
                                       $13, $14) WHERE ($6::int[], $15::int[], $16::uuid[], $17::bytea[]) IS NOT NULL"
        );
        let call = self.bind(sqlx::query(&sql)).bind(self.seen);
        Ok(call.fetch_one(connection).await?.get(0))
    }

    fn bind<'q>(&self, query: Query<'q, Postgres, PgArguments>) -> Query<'q, Postgres, PgArguments> {
        let each = |value: &'static str, count: usize| vec![value; count];
        let uuids = |numbers: &mut dyn Iterator<Item = u128>| numbers.map(Uuid::from_u128).collect::<Vec<_>>();
        let (commands, streams, events, keys) = (&self.commands, &self.streams, &self.events, &self.keys);
        let first = CommandId(Uuid::from_u128(commands.first().map_or(0, |(_, id)| *id)));
        query
            .bind(self.epoch)
            .bind(
                commands
                    .iter()
                    .map(|(organization, _)| organization.0)
                    .collect::<Vec<_>>(),
            )
            .bind(uuids(&mut commands.iter().map(|(_, id)| *id)))
            .bind(vec![vec![7_u8; 32]; commands.len()])
            .bind(each("{}", commands.len()))
            .bind(streams.iter().map(|(command, ..)| *command).collect::<Vec<_>>())
            .bind(
                streams
                    .iter()
                    .map(|(_, stream, _)| stream.aggregate_type)
                    .collect::<Vec<_>>(),
            )
            .bind(
                streams
                    .iter()
                    .map(|(_, stream, _)| stream.aggregate_id)
                    .collect::<Vec<_>>(),
            )
            .bind(streams.iter().map(|(.., sequence)| *sequence).collect::<Vec<_>>())
            .bind(events.clone())
            .bind(each("vendor.unblocked", events.len()))
            .bind(vec![1; events.len()])
            .bind(each(r#"{"type":"vendor.unblocked"}"#, events.len()))
            .bind((0..).map(|n| first.derive(n)).take(events.len()).collect::<Vec<_>>())
            .bind(keys.iter().map(|(command, _)| *command).collect::<Vec<_>>())
            .bind(uuids(&mut keys.iter().map(|(_, person)| *person)))
            .bind(vec![vec![1_u8]; keys.len()])
    }
}

/// The SQLSTATE that the server refused with.
pub fn code(error: &sqlx::Error) -> String {
    error
        .as_database_error()
        .and_then(DatabaseError::code)
        .unwrap_or_default()
        .into_owned()
}
