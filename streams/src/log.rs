//! The event log as its readers ask it.

use std::collections::BTreeMap;

use schemas::{Cursor, Metadata, Recorded, SHARDS, Shard};
use serde_json::value::RawValue;
use sqlx::{PgExecutor, PgPool, Row, postgres::PgRow, types::Json};
use uuid::Uuid;

use crate::{Batch, Fault, Limit, SourceError};

/// What [`recorded`] reads of a row of `events`.
pub(crate) const COLUMNS: &str = "epoch, shard, position, tenant_id, aggregate_type, aggregate_id, sequence, event_type, \
     event_version, payload, metadata, event_id, command_id, command_index, recorded_at";

/// The event in a row of [`COLUMNS`].
pub(crate) fn recorded(row: &PgRow) -> Result<Recorded, sqlx::Error> {
    Ok(Recorded {
        epoch: row.try_get("epoch")?,
        shard: shard(row)?,
        position: row.try_get("position")?,
        tenant_id: domain::ids::OrganizationId(row.try_get("tenant_id")?),
        aggregate_type: row.try_get("aggregate_type")?,
        aggregate_id: row.try_get("aggregate_id")?,
        sequence: row.try_get("sequence")?,
        event_type: row.try_get("event_type")?,
        event_version: row.try_get::<i32, _>("event_version")?.cast_unsigned(),
        payload: row.try_get::<Json<Box<RawValue>>, _>("payload")?.0,
        metadata: row.try_get::<Json<Metadata>, _>("metadata")?.0,
        event_id: row.try_get("event_id")?,
        command_id: row.try_get("command_id")?,
        command_index: row.try_get("command_index")?,
        recorded_at: row.try_get("recorded_at")?,
    })
}

/// The cursor in a row of `epoch`, `shard` and `position`.
pub(crate) fn cursor(row: &PgRow) -> Result<Cursor, sqlx::Error> {
    Ok(Cursor {
        epoch: row.try_get("epoch")?,
        shard: shard(row)?,
        position: row.try_get("position")?,
    })
}

/// The column `shard` of a row.
pub(crate) fn shard(row: &PgRow) -> Result<Shard, sqlx::Error> {
    Shard::try_from(row.try_get::<i16, _>("shard")?).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// How long an event has been in the log, in seconds, by the server's clock.
pub(crate) const AGE: &str = "extract(epoch FROM clock_timestamp() - e.recorded_at)::float8";

/// The subquery for something of the event at a place, in the whole log or in a leaf. The range and the order are what only the index
/// by position serves: of a leaf that it knows nothing of, the server takes every index that begins with the shard to be as good.
pub(crate) fn event_at(column: &str, log: &str, shard: &str, position: &str) -> String {
    format!(
        "(SELECT {column} FROM {log} e WHERE e.shard = {shard} AND e.position BETWEEN {position} AND {position}
           ORDER BY e.position LIMIT 1)"
    )
}

/// What follows each cursor, in one round trip. The statement sees one moment of the log, and since positions are given out in
/// the order of commits, an unbroken run of it.
pub(crate) async fn tail(
    stream: impl PgExecutor<'_>,
    cursors: &[Cursor],
    limit: Limit,
) -> Result<Vec<Batch>, SourceError> {
    let shards: Vec<i16> = cursors.iter().map(|cursor| cursor.shard.as_i16()).collect();
    let positions: Vec<i64> = cursors.iter().map(|cursor| cursor.position).collect();
    let query = format!(
        "SELECT {COLUMNS}
           FROM unnest($1::smallint[], $2::bigint[]) AS c(reads, behind)
          CROSS JOIN LATERAL (
            SELECT n.*, sum(n.size) OVER (ORDER BY n.position) - n.size AS bytes_before
              FROM (SELECT e.*, octet_length(e.payload::text) AS size FROM events e
                     WHERE e.shard = c.reads AND e.position > c.behind ORDER BY e.position LIMIT $3) n) e
          WHERE e.bytes_before < $4"
    );
    let rows = sqlx::query(&query)
        .bind(shards)
        .bind(positions)
        .bind(i64::try_from(limit.events).unwrap_or(i64::MAX))
        .bind(i64::try_from(limit.bytes).unwrap_or(i64::MAX))
        .fetch_all(stream)
        .await?;
    let mut events = rows.iter().map(recorded).collect::<Result<Vec<_>, _>>()?;
    // They come in this order already. The server would sort whole rows to be sure, thousands of them on its disk, and send none before.
    events.sort_by_key(|event| (event.shard, event.position));
    unbroken(cursors, events).map_err(SourceError::Fault)
}

/// The events by shard, each run beginning right behind its cursor.
pub(crate) fn unbroken(cursors: &[Cursor], events: Vec<Recorded>) -> Result<Vec<Batch>, Fault> {
    let mut at: [Option<Cursor>; SHARDS as usize] = [None; SHARDS as usize];
    for cursor in cursors {
        at[cursor.shard.index()] = Some(*cursor);
    }
    let mut batches: Vec<Batch> = Vec::new();
    for event in events {
        let after = at[event.shard.index()].unwrap_or(Cursor::start(event.shard));
        if event.position != after.position + 1 {
            return Err(Fault::Gap {
                after,
                found: event.position,
            });
        }
        at[event.shard.index()] = Some(event.cursor());
        match batches.last_mut() {
            Some(batch) if batch.shard == event.shard => batch.events.push(event),
            _ => batches.push(Batch {
                shard: event.shard,
                events: vec![event],
            }),
        }
    }
    Ok(batches)
}

/// Makes sure that the log is the one that readers remember: on the same server, with the same events at their cursors.
///
/// # Errors
/// [`Fault::Moved`], or [`Fault::Replaced`] for the first cursor at which another event stands or none; a server that can't be
/// asked.
pub async fn recognise(stream: &PgPool, known: &[(Cursor, Uuid)]) -> Result<(), SourceError> {
    let moved: bool = sqlx::query_scalar(
        "SELECT (e.system_identifier, e.timeline) IS DISTINCT FROM (s.system_identifier, s.timeline)
           FROM server_identity() s, epochs e ORDER BY e.epoch DESC LIMIT 1",
    )
    .fetch_one(stream)
    .await?;
    if moved {
        return Err(Fault::Moved.into());
    }
    let shards: Vec<i16> = known.iter().map(|(cursor, _)| cursor.shard.as_i16()).collect();
    let positions: Vec<i64> = known.iter().map(|(cursor, _)| cursor.position).collect();
    let event = event_at("e.event_id", "events", "k.reads", "k.at");
    let found: Vec<Option<Uuid>> = sqlx::query_scalar(&format!(
        "SELECT {event} FROM unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS k(reads, at, number) ORDER BY number"
    ))
    .bind(shards)
    .bind(positions)
    .fetch_all(stream)
    .await?;
    for ((cursor, known), found) in known.iter().zip(found) {
        if found != Some(*known) {
            return Err(Fault::Replaced {
                cursor: *cursor,
                known: *known,
                found,
            }
            .into());
        }
    }
    Ok(())
}

/// The read models, by name and version, that hold events which are no longer in the log: after it was restored from an older
/// copy, these are to be rebuilt.
///
/// # Errors
/// A server that can't be asked.
pub async fn read_models_beyond(stream: &PgPool) -> Result<Vec<(String, u32)>, sqlx::Error> {
    let rows: Vec<(String, i32)> = sqlx::query_as(
        "SELECT DISTINCT c.projection, c.version FROM checkpoints c
           JOIN read_models r USING (projection, version)
          WHERE c.position > 0 AND NOT EXISTS (
                SELECT FROM events e WHERE e.shard = c.shard AND e.position = c.position AND e.event_id = c.event_id)
          ORDER BY 1, 2",
    )
    .fetch_all(stream)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(projection, version)| (projection, version.cast_unsigned()))
        .collect())
}

/// The lives of the log: which of the events that were written before it was restored are still in it.
#[derive(Debug, Default)]
pub(crate) struct Epochs {
    /// By epoch, the last position of each shard when it began.
    survived: BTreeMap<i32, [i64; SHARDS as usize]>,
}

impl Epochs {
    /// Whether the epoch is one of those that were loaded.
    pub(crate) fn know(&self, epoch: i32) -> bool {
        self.survived.contains_key(&epoch)
    }

    /// Whether an event at this place is still in the log.
    pub(crate) fn hold(&self, cursor: Cursor) -> bool {
        let mut later = self.survived.range(cursor.epoch.saturating_add(1)..);
        later.all(|(_, survived)| cursor.position <= survived[cursor.shard.index()])
    }

    /// Reads them anew.
    pub(crate) async fn load(&mut self, stream: &PgPool) -> Result<(), sqlx::Error> {
        let rows = sqlx::query("SELECT epoch, shard, survived FROM epochs")
            .fetch_all(stream)
            .await?;
        for row in rows {
            let survived: i64 = row.try_get("survived")?;
            self.survived.entry(row.try_get("epoch")?).or_default()[shard(&row)?.index()] = survived;
        }
        Ok(())
    }
}
