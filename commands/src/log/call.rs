//! One call of the database's `append`, `append_batch` or `append_one`.

use std::collections::HashMap;

use schemas::Shard;
use sqlx::{
    PgConnection, Postgres, Row,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use uuid::Uuid;

use super::{AppendError, Appended, NewCommand, types::Prepared};

/// What became of one command of a batch.
pub(super) type Outcome = Result<Appended, AppendError>;

/// The commands of one shard.
#[derive(Clone, Copy)]
pub(super) struct Part<'c, 'p> {
    pub shard: Shard,
    pub known: Known,
    pub commands: &'c [&'p Prepared],
}

/// What is known of a shard before a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// In which its commands are to be written.
    pub epoch: i32,
    /// A position of its log at or before the end; 0 if none is known.
    pub seen: i64,
}

/// Calls `append`, which looks everything up and answers for each command, once. The answers are in the order of the commands.
pub(super) async fn append(connection: &mut PgConnection, part: Part<'_, '_>) -> Result<Vec<Outcome>, sqlx::Error> {
    let Part {
        shard,
        known: Known { epoch, .. },
        commands,
    } = part;
    let arrays = Arrays::of(&[part]);
    let sql = format!(
        "SELECT outcomes, epochs, first_positions, last_positions
           FROM append_{shard}($1, true, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
    );
    let call = sqlx::query(&sql).bind(epoch);
    let row = arrays.bound_to(call).fetch_one(connection).await?;
    answers(&row, shard, epoch, commands)
}

/// Whether a call waits for others who write the shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It does; only for one shard.
    Waits,
    /// It writes nothing then.
    None,
}

/// Where each command of each part was written; `None` for one that rests on a stream that has moved on.
pub(super) type Written = Vec<Vec<Option<Appended>>>;

/// Calls `append_batch`, which trusts, for commands of one shard or of several. `None`: nothing was written, since something is unusual
/// or others write. A violation: it trusted wrongly, and nothing was written either.
pub(super) async fn append_batch(
    connection: &mut PgConnection,
    parts: &[Part<'_, '_>],
    patience: Patience,
) -> Result<Option<Written>, sqlx::Error> {
    let mut arrays = Arrays::of(parts);
    let of_shard = match parts {
        [part] => format!("_{}", part.shard),
        _ => String::new(),
    };
    let sql = format!(
        "SELECT heads, stale FROM append_batch{of_shard}(
           $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)"
    );
    let shards = parts.iter().map(|part| i32::from(part.shard.as_i16()));
    let call = sqlx::query(&sql)
        .bind(patience == Patience::Waits)
        .bind(shards.collect::<Vec<_>>())
        .bind(parts.iter().map(|part| part.known.epoch).collect::<Vec<_>>())
        .bind(parts.iter().map(|part| part.known.seen).collect::<Vec<_>>())
        .bind(std::mem::take(&mut arrays.homes));
    let row = arrays.bound_to(call).fetch_one(connection).await?;
    let heads: Option<Vec<i64>> = row.try_get("heads")?;
    let Some(heads) = heads else { return Ok(None) };
    if heads.len() != parts.len() {
        return Err(unexpected("not a position for each shard"));
    }
    Ok(Some(places(parts, heads, &row.try_get::<Vec<i32>, _>("stale")?)))
}

/// Where commands stand that are written behind these positions, in their order.
fn places(parts: &[Part<'_, '_>], heads: Vec<i64>, stale: &[i32]) -> Written {
    let mut number = 0;
    let mut of_part = |(part, mut head): (&Part<'_, '_>, i64)| {
        let places = part.commands.iter().map(|prepared| {
            number += 1;
            let appended =
                (!stale.contains(&number)).then(|| written(prepared, part.shard, part.known.epoch, head + 1))?;
            head = appended.last_position;
            Some(appended)
        });
        places.collect()
    };
    parts.iter().zip(heads).map(&mut of_part).collect()
}

/// Calls `append_one` for a command without new keys, which trusts. `None`: nothing was written, and [`append`] tells why.
pub(super) async fn append_one(
    connection: &mut PgConnection,
    part: Part<'_, '_>,
    prepared: &Prepared,
) -> Result<Option<Appended>, sqlx::Error> {
    let Part {
        shard,
        known: Known { epoch, seen },
        ..
    } = part;
    let command = &prepared.command;
    let arrays = Arrays::of(&[part]);
    let sql = format!("SELECT append_one_{shard}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)");
    let first_position: Option<i64> = sqlx::query_scalar(&sql)
        .bind(epoch)
        .bind(seen)
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

/// The commands as the functions take them: commands, streams, events and keys, each referring to its owner by number from 1. A stream on
/// which several commands rest stands there once, for the first of them.
#[derive(Default)]
struct Arrays<'b> {
    homes: Vec<i32>,
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
    fn of(parts: &[Part<'_, 'b>]) -> Self {
        let mut arrays = Self::default();
        // By organization, stream and sequence.
        let mut numbers = HashMap::new();
        let commands = (1..)
            .zip(parts)
            .flat_map(|(home, part)| part.commands.iter().map(move |prepared| (home, *prepared)));
        for (number, (home, prepared)) in (1..).zip(commands) {
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
            arrays.homes.push(home);
            arrays.add(number, prepared, &streams);
        }
        arrays
    }

    /// Gives a call all but the homes, in the order of its parameters.
    fn bound_to<'q>(self, call: Query<'q, Postgres, PgArguments>) -> Query<'q, Postgres, PgArguments>
    where
        'b: 'q,
    {
        call.bind(self.tenants)
            .bind(self.ids)
            .bind(self.hashes)
            .bind(self.metadata)
            .bind(self.stream_commands)
            .bind(self.stream_types)
            .bind(self.stream_ids)
            .bind(self.stream_sequences)
            .bind(self.further_commands)
            .bind(self.further_streams)
            .bind(self.event_streams)
            .bind(self.event_types)
            .bind(self.event_versions)
            .bind(self.event_payloads)
            .bind(self.event_ids)
            .bind(self.key_commands)
            .bind(self.key_persons)
            .bind(self.keys)
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
