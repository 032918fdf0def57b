//! One call of the database's `append`: a batch of commands of one shard, each answered for itself.

use schemas::Shard;
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use super::{AppendError, Appended, NewCommand, types::Prepared};

/// What became of one command of a batch.
pub(super) type Outcome = Result<Appended, AppendError>;

/// Calls `append` once. The answers are in the order of the commands.
pub(super) async fn append(
    connection: &mut PgConnection,
    shard: Shard,
    epoch: i32,
    batch: &[&Prepared],
) -> Result<Vec<Outcome>, sqlx::Error> {
    let arrays = Arrays::of(batch);
    let sql = format!(
        "SELECT cmd, outcome, epoch, first_position, last_position
           FROM append_{shard}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
    );
    let rows = sqlx::query(&sql)
        .bind(epoch)
        .bind(arrays.tenants)
        .bind(arrays.ids)
        .bind(arrays.hashes)
        .bind(arrays.metadata)
        .bind(arrays.stream_commands)
        .bind(arrays.stream_types)
        .bind(arrays.stream_ids)
        .bind(arrays.stream_sequences)
        .bind(arrays.event_streams)
        .bind(arrays.event_types)
        .bind(arrays.event_versions)
        .bind(arrays.event_payloads)
        .bind(arrays.event_ids)
        .bind(arrays.key_commands)
        .bind(arrays.key_persons)
        .bind(arrays.keys)
        .fetch_all(connection)
        .await?;
    answers(shard, batch.len(), &rows)
}

/// The batch as the function takes it: commands, streams, events and keys, each referring to its owner by number from 1.
#[derive(Default)]
struct Arrays<'b> {
    tenants: Vec<Uuid>,
    ids: Vec<Uuid>,
    hashes: Vec<&'b [u8]>,
    metadata: Vec<&'b str>,
    stream_commands: Vec<i32>,
    stream_types: Vec<&'b str>,
    stream_ids: Vec<Uuid>,
    stream_sequences: Vec<i64>,
    event_streams: Vec<i32>,
    event_types: Vec<&'b str>,
    event_versions: Vec<i32>,
    event_payloads: Vec<&'b str>,
    event_ids: Vec<Uuid>,
    key_commands: Vec<i32>,
    key_persons: Vec<Uuid>,
    keys: Vec<&'b [u8]>,
}

impl<'b> Arrays<'b> {
    fn of(batch: &[&'b Prepared]) -> Self {
        let mut arrays = Self::default();
        for (number, prepared) in (1..).zip(batch) {
            arrays.add(number, prepared);
        }
        arrays
    }

    fn add(&mut self, number: i32, prepared: &'b Prepared) {
        let command: &NewCommand = &prepared.command;
        self.tenants.push(command.organization.0);
        self.ids.push(command.command_id.0);
        self.hashes.push(&command.command_hash);
        self.metadata.push(&prepared.metadata);
        let first_stream = number_of(self.stream_ids.len() + 1);
        for (stream, sequence) in &command.expectations {
            self.stream_commands.push(number);
            self.stream_types.push(stream.aggregate_type);
            self.stream_ids.push(stream.aggregate_id);
            self.stream_sequences.push(*sequence);
        }
        for (event, stream) in command.events.iter().zip(&prepared.streams) {
            self.event_streams.push(first_stream + number_of(*stream));
            self.event_types.push(&event.event_type);
            self.event_versions.push(event.event_version.cast_signed());
            self.event_payloads.push(event.payload.get());
            self.event_ids.push(event.event_id);
        }
        for (person, key) in &command.person_keys {
            self.key_commands.push(number);
            self.key_persons.push(person.0);
            self.keys.push(key);
        }
    }
}

/// A place in a batch, which never holds more than fits.
fn number_of(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

fn answers(shard: Shard, commands: usize, rows: &[PgRow]) -> Result<Vec<Outcome>, sqlx::Error> {
    let mut answers: Vec<Option<Outcome>> = vec![None; commands];
    for row in rows {
        let number: i32 = row.try_get("cmd")?;
        let place = usize::try_from(number - 1)
            .ok()
            .and_then(|index| answers.get_mut(index));
        *place.ok_or_else(|| unexpected("an answer to no command"))? = Some(answer(shard, row)?);
    }
    let all: Option<Vec<Outcome>> = answers.into_iter().collect();
    all.ok_or_else(|| unexpected("a command without an answer"))
}

fn answer(shard: Shard, row: &PgRow) -> Result<Outcome, sqlx::Error> {
    let outcome: i32 = row.try_get("outcome")?;
    match outcome {
        0 | 1 => Ok(Ok(Appended {
            epoch: row.try_get("epoch")?,
            shard,
            first_position: row.try_get("first_position")?,
            last_position: row.try_get("last_position")?,
            repeated: outcome == 1,
        })),
        2 => Ok(Err(AppendError::Conflict)),
        3 => Ok(Err(AppendError::CommandIdReused)),
        _ => Err(unexpected("an outcome of no known kind")),
    }
}

fn unexpected(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(what.into())
}
