//! One call of the database's `append`: a batch of commands of one shard, each answered for itself.

use std::collections::HashMap;

use schemas::Shard;
use sqlx::{PgConnection, Row, postgres::PgRow};
use uuid::Uuid;

use super::{AppendError, Appended, NewCommand, types::Prepared};

/// What became of one command of a batch.
pub(super) type Outcome = Result<Appended, AppendError>;

/// Whether a call looks up what an index finds out by itself: that a command's id is new, and what it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// It fails as a whole if one of them isn't.
    Trusting,
    /// It answers for each.
    Careful,
}

/// Calls `append` once. The answers are in the order of the commands.
pub(super) async fn append(
    connection: &mut PgConnection,
    shard: Shard,
    epoch: i32,
    batch: &[&Prepared],
    care: Care,
) -> Result<Vec<Outcome>, sqlx::Error> {
    let arrays = Arrays::of(batch);
    let sql = format!(
        "SELECT outcomes, epochs, first_positions, last_positions
           FROM append_{shard}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
    );
    let row = sqlx::query(&sql)
        .bind(epoch)
        .bind(care == Care::Careful)
        .bind(arrays.tenants)
        .bind(arrays.ids)
        .bind(arrays.hashes)
        .bind(arrays.metadata)
        .bind(arrays.stream_commands)
        .bind(arrays.stream_types)
        .bind(arrays.stream_ids)
        .bind(arrays.stream_sequences)
        .bind(arrays.further_commands)
        .bind(arrays.further_streams)
        .bind(arrays.event_streams)
        .bind(arrays.event_types)
        .bind(arrays.event_versions)
        .bind(arrays.event_payloads)
        .bind(arrays.event_ids)
        .bind(arrays.key_commands)
        .bind(arrays.key_persons)
        .bind(arrays.keys)
        .fetch_one(connection)
        .await?;
    answers(&row, shard, epoch, batch)
}

/// Calls `append_one` for a command without new keys, which trusts. `None`: nothing was written, and [`append`] tells why.
pub(super) async fn append_one(
    connection: &mut PgConnection,
    shard: Shard,
    epoch: i32,
    prepared: &Prepared,
) -> Result<Option<Appended>, sqlx::Error> {
    let command = &prepared.command;
    let arrays = Arrays::of(&[prepared]);
    let sql = format!("SELECT append_one_{shard}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)");
    let first_position: Option<i64> = sqlx::query_scalar(&sql)
        .bind(epoch)
        .bind(command.organization.0)
        .bind(command.command_id.0)
        .bind(&command.command_hash)
        .bind(&prepared.metadata)
        .bind(arrays.stream_types)
        .bind(arrays.stream_ids)
        .bind(arrays.stream_sequences)
        .bind(arrays.event_streams)
        .bind(arrays.event_types)
        .bind(arrays.event_versions)
        .bind(arrays.event_payloads)
        .bind(arrays.event_ids)
        .fetch_one(connection)
        .await?;
    Ok(first_position.map(|first| written(prepared, shard, epoch, first)))
}

fn written(prepared: &Prepared, shard: Shard, epoch: i32, first_position: i64) -> Appended {
    Appended {
        epoch,
        shard,
        first_position,
        last_position: first_position + i64::from(number_of(prepared.command.events.len())) - 1,
        repeated: false,
    }
}

/// The batch as the function takes it: commands, streams, events and keys, each referring to its owner by number from 1. A stream on
/// which several commands rest stands there once, for the first of them.
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
    further_commands: Vec<i32>,
    further_streams: Vec<i32>,
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
        // By organization, stream and sequence.
        let mut numbers = HashMap::new();
        for (number, prepared) in (1..).zip(batch) {
            let command = &prepared.command;
            let mut streams = Vec::with_capacity(command.expectations.len());
            for (stream, sequence) in &command.expectations {
                let next = number_of(arrays.stream_ids.len() + 1);
                let found = *numbers.entry((command.organization, stream, sequence)).or_insert(next);
                streams.push(found);
                if found == next {
                    arrays.stream_commands.push(number);
                    arrays.stream_types.push(stream.aggregate_type);
                    arrays.stream_ids.push(stream.aggregate_id);
                    arrays.stream_sequences.push(*sequence);
                } else {
                    arrays.further_commands.push(number);
                    arrays.further_streams.push(found);
                }
            }
            arrays.add(number, prepared, &streams);
        }
        arrays
    }

    fn add(&mut self, number: i32, prepared: &'b Prepared, streams: &[i32]) {
        let command: &NewCommand = &prepared.command;
        self.tenants.push(command.organization.0);
        self.ids.push(command.command_id.0);
        self.hashes.push(&command.command_hash);
        self.metadata.push(&prepared.metadata);
        for (event, stream) in command.events.iter().zip(&prepared.streams) {
            self.event_streams.push(streams[*stream]);
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

fn answers(row: &PgRow, shard: Shard, epoch: i32, batch: &[&Prepared]) -> Result<Vec<Outcome>, sqlx::Error> {
    let outcomes: Vec<i32> = row.try_get("outcomes")?;
    let epochs: Vec<Option<i32>> = row.try_get("epochs")?;
    let first_positions: Vec<Option<i64>> = row.try_get("first_positions")?;
    let last_positions: Vec<Option<i64>> = row.try_get("last_positions")?;
    if [
        outcomes.len(),
        epochs.len(),
        first_positions.len(),
        last_positions.len(),
    ] != [batch.len(); 4]
    {
        return Err(unexpected("not an answer for each command"));
    }
    let repeated = |index: usize| {
        Some(Appended {
            epoch: epochs[index]?,
            shard,
            first_position: first_positions[index]?,
            last_position: last_positions[index]?,
            repeated: true,
        })
    };
    let answer = |(index, outcome): (usize, i32)| match outcome {
        0 => first_positions[index].map(|first| Ok(written(batch[index], shard, epoch, first))),
        1 => repeated(index).map(Ok),
        2 => Some(Err(AppendError::Conflict)),
        3 => Some(Err(AppendError::CommandIdReused)),
        _ => None,
    };
    let answers: Option<Vec<Outcome>> = outcomes.into_iter().enumerate().map(answer).collect();
    answers.ok_or_else(|| unexpected("an answer of no known kind"))
}

fn unexpected(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(what.into())
}
