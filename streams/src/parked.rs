//! Sequences that stand still, because one of their events can't be applied: to list them, to look at one, to try one again.
//!
//! Invariant: of a sequence that stands still, nothing behind the mark is in the read model, and everything before it is.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::ids::OrganizationId;
use schemas::{Cursor, Recorded, Shard};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use crate::{
    Entry, Projection, Reader, Sequence, SequenceId, SourceError, Version,
    apply::{self, Poison, Standing},
    log,
};

/// A sequence that stands still.
#[derive(Debug, Clone)]
pub struct Parked {
    /// Of which read model.
    pub projection: String,
    /// Of which of its versions.
    pub version: u32,
    /// Which sequence.
    pub sequence: SequenceId,
    /// Where the first event stands that was not applied.
    pub cursor: Cursor,
    /// That event's id.
    pub event_id: Uuid,
    /// Its name.
    pub event_type: String,
    /// When the log took it: the read model is incomplete since then.
    pub recorded_at: DateTime<Utc>,
    /// Why it could not be applied.
    pub error: String,
    /// How often that was tried.
    pub attempts: i32,
    /// How many events stand still, the first included.
    pub waiting: i64,
    /// When it was parked.
    pub parked_at: DateTime<Utc>,
}

/// All sequences that stand still, oldest first; of one projection, if it is named. As the app role: those of the organization.
///
/// # Errors
/// What the server answers.
pub async fn list(connection: &mut PgConnection, projection: Option<&str>) -> Result<Vec<Parked>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT * FROM parked WHERE $1 IS NULL OR projection = $1 ORDER BY parked_at, shard, position")
            .bind(projection)
            .fetch_all(connection)
            .await?;
    rows.iter().map(parked).collect()
}

fn parked(row: &PgRow) -> Result<Parked, sqlx::Error> {
    Ok(Parked {
        projection: row.try_get("projection")?,
        version: row.try_get::<i32, _>("version")?.cast_unsigned(),
        sequence: sequence_id(row)?,
        cursor: log::cursor(row)?,
        event_id: row.try_get("event_id")?,
        event_type: row.try_get("event_type")?,
        recorded_at: row.try_get("recorded_at")?,
        error: row.try_get("error")?,
        attempts: row.try_get("attempts")?,
        waiting: row.try_get("waiting")?,
        parked_at: row.try_get("parked_at")?,
    })
}

fn sequence_id(row: &PgRow) -> Result<SequenceId, sqlx::Error> {
    Ok(SequenceId {
        tenant_id: OrganizationId(row.try_get("tenant_id")?),
        id: row.try_get("sequence")?,
    })
}

/// The sequences of a read model that stand still, by shard.
pub(crate) async fn sequences(
    tx: &mut PgConnection,
    version: Version,
    shards: &[i16],
) -> Result<HashMap<Shard, HashSet<SequenceId>>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT shard, tenant_id, sequence FROM parked WHERE projection = $1 AND version = $2 AND shard = ANY($3)",
    )
    .bind(version.projection)
    .bind(version.number_in_database())
    .bind(shards)
    .fetch_all(tx)
    .await?;
    let mut sequences: HashMap<Shard, HashSet<SequenceId>> = HashMap::new();
    for row in &rows {
        sequences.entry(log::shard(row)?).or_default().insert(sequence_id(row)?);
    }
    Ok(sequences)
}

/// Marks the sequences of these events.
pub(crate) async fn park(
    tx: &mut PgConnection,
    version: Version,
    found: &[Poison],
    left_out: &BTreeMap<SequenceId, i64>,
) -> Result<(), sqlx::Error> {
    for poison in found {
        let Entry { cursor, .. } = poison.entry;
        sqlx::query(
            "INSERT INTO parked (projection, version, tenant_id, sequence, shard, epoch, position, event_id, event_type,
                                 recorded_at, error, waiting)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(version.projection)
        .bind(version.number_in_database())
        .bind(poison.sequence.tenant_id.0)
        .bind(poison.sequence.id)
        .bind(cursor.shard.as_i16())
        .bind(cursor.epoch)
        .bind(cursor.position)
        .bind(poison.entry.event_id)
        .bind(&*poison.entry.event_type)
        .bind(poison.entry.recorded_at)
        .bind(&poison.reason)
        .bind(left_out.get(&poison.sequence).copied().unwrap_or(1))
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

/// Counts events that arrived behind a mark.
pub(crate) async fn count(
    tx: &mut PgConnection,
    version: Version,
    left_out: &BTreeMap<SequenceId, i64>,
) -> Result<(), sqlx::Error> {
    let organizations: Vec<Uuid> = left_out.keys().map(|sequence| sequence.tenant_id.0).collect();
    let sequences: Vec<Uuid> = left_out.keys().map(|sequence| sequence.id).collect();
    let counts: Vec<i64> = left_out.values().copied().collect();
    sqlx::query(
        "UPDATE parked p SET waiting = p.waiting + n.more
           FROM unnest($3::uuid[], $4::uuid[], $5::bigint[]) AS n(tenant_id, sequence, more)
          WHERE p.projection = $1 AND p.version = $2 AND p.tenant_id = n.tenant_id AND p.sequence = n.sequence",
    )
    .bind(version.projection)
    .bind(version.number_in_database())
    .bind(organizations)
    .bind(sequences)
    .bind(counts)
    .execute(tx)
    .await
    .map(drop)
}

/// Why a sequence could not be tried again.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// It doesn't stand still, or does no longer.
    #[error("nothing is parked there")]
    NotParked,
    /// The server or the events can't be read.
    #[error(transparent)]
    Unavailable(#[from] SourceError),
    /// The server can't be asked.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What came of trying again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retried {
    /// The sequence is complete and moves on with the others.
    Completed {
        /// How many events were applied.
        applied: u64,
    },
    /// An event still can't be applied: perhaps a later one than before.
    Parked {
        /// How many events were applied before it.
        applied: u64,
        /// Where it stands.
        cursor: Cursor,
        /// Why it can't be applied.
        error: String,
    },
}

/// Applies a sequence that stands still from its mark up to the checkpoint, in transactions of at most `step` events, beside the
/// running projector. With the last of them the mark goes.
///
/// # Errors
/// A sequence that isn't parked; a server that can't be asked: what was applied until then stays applied.
pub async fn retry(
    stream: &PgPool,
    reader: &Reader,
    projection: &dyn Projection,
    sequence: SequenceId,
    step: u32,
) -> Result<Retried, RetryError> {
    let mut applied = 0;
    loop {
        let mut tx = stream.begin().await?;
        let end = retry_step(&mut tx, reader, projection, sequence, step, &mut applied).await?;
        tx.commit().await?;
        if let Some(end) = end {
            return Ok(end);
        }
    }
}

async fn retry_step(
    tx: &mut PgConnection,
    reader: &Reader,
    projection: &dyn Projection,
    sequence: SequenceId,
    step: u32,
    applied: &mut u64,
) -> Result<Option<Retried>, RetryError> {
    let version = Version::of(projection);
    let range = lock(tx, version, sequence).await?.ok_or(RetryError::NotParked)?;
    // One more than is applied: it becomes the mark.
    let events = events_of(tx, projection.sequence(), sequence, range, i64::from(step) + 1).await?;
    let mut entries = reader.read(events).await?;
    let next = (entries.len() > step as usize).then(|| entries.pop()).flatten();

    let mut standing = Standing::default();
    apply::isolating(tx, projection, &entries, &mut standing).await?;
    let done = match standing.found.first() {
        None => entries.len(),
        Some(poison) => entries
            .iter()
            .take_while(|entry| entry.event_id != poison.entry.event_id)
            .count(),
    };
    *applied += done as u64;
    match (standing.found.pop(), next) {
        (Some(poison), _) => {
            move_mark(tx, version, sequence, &poison.entry, done, Some(&poison.reason)).await?;
            Ok(Some(Retried::Parked {
                applied: *applied,
                cursor: poison.entry.cursor,
                error: poison.reason,
            }))
        }
        (None, Some(next)) => {
            move_mark(tx, version, sequence, &next, done, None).await?;
            Ok(None)
        }
        (None, None) => {
            lift(tx, version, sequence, range.shard).await?;
            Ok(Some(Retried::Completed { applied: *applied }))
        }
    }
}

/// What lies between a mark and the checkpoint, both included.
#[derive(Clone, Copy)]
struct Range {
    shard: Shard,
    first: i64,
    last: i64,
}

/// Keeps the shard's projector from moving on until the transaction ends; `None` if the sequence doesn't stand still.
async fn lock(tx: &mut PgConnection, version: Version, sequence: SequenceId) -> Result<Option<Range>, sqlx::Error> {
    let shard = schemas::shard_of(sequence.tenant_id);
    let last: Option<i64> = sqlx::query_scalar(
        "SELECT position FROM checkpoints WHERE projection = $1 AND version = $2 AND shard = $3 FOR UPDATE",
    )
    .bind(version.projection)
    .bind(version.number_in_database())
    .bind(shard.as_i16())
    .fetch_optional(&mut *tx)
    .await?;
    let first: Option<i64> = sqlx::query_scalar(
        "SELECT position FROM parked WHERE projection = $1 AND version = $2 AND tenant_id = $3 AND sequence = $4",
    )
    .bind(version.projection)
    .bind(version.number_in_database())
    .bind(sequence.tenant_id.0)
    .bind(sequence.id)
    .fetch_optional(tx)
    .await?;
    Ok(first.zip(last).map(|(first, last)| Range { shard, first, last }))
}

async fn events_of(
    tx: &mut PgConnection,
    kind: Sequence,
    sequence: SequenceId,
    range: Range,
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let aggregate = match kind {
        Sequence::Organization => None,
        Sequence::Aggregate => Some(sequence.id),
    };
    let query = format!(
        "SELECT {} FROM events
          WHERE shard = $1 AND position BETWEEN $2 AND $3 AND tenant_id = $4 AND ($5 IS NULL OR aggregate_id = $5)
          ORDER BY position LIMIT $6",
        log::COLUMNS
    );
    let rows = sqlx::query(&query)
        .bind(range.shard.as_i16())
        .bind(range.first)
        .bind(range.last)
        .bind(sequence.tenant_id.0)
        .bind(aggregate)
        .bind(limit)
        .fetch_all(tx)
        .await?;
    rows.iter().map(log::recorded).collect()
}

async fn move_mark(
    tx: &mut PgConnection,
    version: Version,
    sequence: SequenceId,
    to: &Entry,
    applied: usize,
    failure: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE parked SET epoch = $5, position = $6, event_id = $7, event_type = $8, recorded_at = $9,
                           waiting = waiting - $10, error = coalesce($11, error),
                           attempts = CASE WHEN $11 IS NULL THEN attempts WHEN position = $6 THEN attempts + 1 ELSE 1 END
          WHERE projection = $1 AND version = $2 AND tenant_id = $3 AND sequence = $4",
    )
    .bind(version.projection)
    .bind(version.number_in_database())
    .bind(sequence.tenant_id.0)
    .bind(sequence.id)
    .bind(to.cursor.epoch)
    .bind(to.cursor.position)
    .bind(to.event_id)
    .bind(&*to.event_type)
    .bind(to.recorded_at)
    .bind(i64::try_from(applied).unwrap_or(i64::MAX))
    .bind(failure)
    .execute(tx)
    .await
    .map(drop)
}

/// Takes the mark away, and the shard out of the hand of whoever still knows of the mark.
async fn lift(tx: &mut PgConnection, version: Version, sequence: SequenceId, shard: Shard) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM parked WHERE projection = $1 AND version = $2 AND tenant_id = $3 AND sequence = $4")
        .bind(version.projection)
        .bind(version.number_in_database())
        .bind(sequence.tenant_id.0)
        .bind(sequence.id)
        .execute(&mut *tx)
        .await?;
    sqlx::query("UPDATE checkpoints SET fence = fence + 1 WHERE projection = $1 AND version = $2 AND shard = $3")
        .bind(version.projection)
        .bind(version.number_in_database())
        .bind(shard.as_i16())
        .execute(tx)
        .await
        .map(drop)
}
