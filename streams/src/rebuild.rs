//! A read model anew from the first event, beside the one that answers queries, and in its place when it is done.
//!
//! All of it is one transaction: nobody sees a half-built read model, and nothing is left of one that failed. The projector goes
//! on with the old one meanwhile, and with the new one afterwards.

use std::time::{Duration, Instant};

use schemas::{Cursor, Shard};
use sqlx::{Executor, PgConnection, PgPool};
use uuid::Uuid;

use crate::{
    ApplyError, Entry, InstallError, Limit, Projection, Reader, SourceError, Version,
    apply::{self, Standing},
    log,
    read_models::{self, activate, make_tables, open_to_queries},
};

/// Why a read model was not rebuilt; the old one stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// An event can't be applied.
    #[error("{event_type} at {cursor} can't be applied: {reason}")]
    Poison {
        /// Where it stands.
        cursor: Cursor,
        /// Its name.
        event_type: String,
        /// Why it can't.
        reason: String,
    },
    /// Events can't be applied together, though each of them can: a fault of the projection.
    #[error("events can't be applied together: {0}")]
    Together(String),
    /// Another process rebuilds it just now.
    #[error("{0} is being rebuilt already")]
    Busy(Version),
    /// The read model can't be made at all.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// The log can't be read, or isn't the one it was.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The server failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// What a rebuild did.
#[derive(Debug, Clone, Copy)]
pub struct Rebuilt {
    /// How many events it applied.
    pub events: u64,
    /// How long it took.
    pub took: Duration,
}

/// How much a rebuild reads and applies at once: much, since what an update leaves behind is there until its transaction ends, and each
/// look-up passes it.
pub const REBUILD_BATCH: Limit = Limit {
    events: 20_000,
    bytes: 64 << 20,
};

/// Builds a projection's version anew from the whole log, and lets it answer queries from then on. `told` hears after each batch
/// how many events were applied so far.
///
/// # Errors
/// The first event that can't be applied; a server or log that can't be read.
pub async fn rebuild(
    stream: &PgPool,
    reader: &Reader,
    projection: &dyn Projection,
    batch: Limit,
    mut told: impl FnMut(u64),
) -> Result<Rebuilt, RebuildError> {
    let start = Instant::now();
    let version = Version::of(projection);
    read_models::install(stream, projection).await?;
    log::recognise(stream, &[]).await?;

    let mut tx = stream.begin().await?;
    alone(&mut tx, version).await?;
    let mut building = Building::begin(&mut tx, reader, projection, batch).await?;
    let whole: Vec<Cursor> = Shard::all().map(end_of_log).collect();
    building.up_to(&mut tx, &whole, &mut told).await?;
    // From here on the projector waits; what it has applied meanwhile is all that is missing.
    let reached = lock_checkpoints(&mut tx, version).await?;
    building.up_to(&mut tx, &reached, &mut told).await?;

    open_to_queries(&mut tx, projection).await?;
    move_checkpoints(&mut tx, version, &building.ends).await?;
    take_place(&mut tx, projection).await?;
    tx.commit().await?;
    Ok(Rebuilt {
        events: building.events,
        took: start.elapsed(),
    })
}

/// Makes sure, until the transaction ends, that nobody else makes this read model anew.
pub(crate) async fn alone(tx: &mut PgConnection, version: Version) -> Result<(), RebuildError> {
    let alone: bool = sqlx::query_scalar("SELECT pg_try_advisory_xact_lock(7000011, hashtext($1))")
        .bind(version.projection)
        .fetch_one(tx)
        .await?;
    if alone {
        Ok(())
    } else {
        Err(RebuildError::Busy(version))
    }
}

/// Behind every event of a shard.
fn end_of_log(shard: Shard) -> Cursor {
    Cursor {
        position: i64::MAX,
        ..Cursor::start(shard)
    }
}

/// A read model that is being made in a transaction: until it ends, nobody else sees anything of it.
pub(crate) struct Building<'a> {
    reader: &'a Reader,
    projection: &'a dyn Projection,
    batch: Limit,
    /// By shard: up to where it was applied, and the event there.
    ends: Vec<(Cursor, Option<Uuid>)>,
    /// How many events were applied.
    pub(crate) events: u64,
    /// After how many events the planner is told anew how large the tables are.
    analyze_at: u64,
}

impl<'a> Building<'a> {
    /// Puts empty tables where this transaction finds those of the read model.
    pub(crate) async fn begin(
        tx: &mut PgConnection,
        reader: &'a Reader,
        projection: &'a dyn Projection,
        batch: Limit,
    ) -> Result<Self, RebuildError> {
        let schema = Version::of(projection).schema();
        tx.execute(format!("ALTER SCHEMA {schema} RENAME TO {schema}_replaced").as_str())
            .await?;
        make_tables(tx, projection).await?;
        Ok(Self {
            reader,
            projection,
            batch,
            ends: Shard::all().map(|shard| (Cursor::start(shard), None)).collect(),
            events: 0,
            analyze_at: 1_000,
        })
    }

    /// Applies what is missing up to these cursors, as far as the log reaches: shard after shard, reading a batch while the one
    /// before is applied.
    pub(crate) async fn up_to(
        &mut self,
        tx: &mut PgConnection,
        reached: &[Cursor],
        told: &mut impl FnMut(u64),
    ) -> Result<(), RebuildError> {
        for reached in reached {
            let (end, _) = self.ends[reached.shard.index()];
            let mut batch = read(self.reader, end, reached.position, self.batch).await?;
            while let Some(end) = batch.last().map(|entry| entry.cursor) {
                let next = read(self.reader, end, reached.position, self.batch);
                let (applied, next) = tokio::join!(self.apply(tx, &batch), next);
                applied?;
                batch = next?;
                told(self.events);
            }
        }
        Ok(())
    }

    async fn apply(&mut self, tx: &mut PgConnection, entries: &[Entry]) -> Result<(), RebuildError> {
        tx.execute("SAVEPOINT batch").await?;
        match apply::all(tx, self.projection, entries, &Standing::default()).await {
            Ok(()) => tx.execute("RELEASE SAVEPOINT batch").await?,
            Err(ApplyError::Server(error)) => return Err(error.into()),
            Err(ApplyError::Data(reason)) => {
                tx.execute("ROLLBACK TO SAVEPOINT batch").await?;
                return Err(self.poison(tx, entries, reason).await);
            }
        };
        if let Some(end) = entries.last() {
            self.ends[end.cursor.shard.index()] = (end.cursor, Some(end.event_id));
        }
        self.events += entries.len() as u64;
        if self.events >= self.analyze_at {
            self.analyze_at = self.events * 4;
            analyze(tx, Version::of(self.projection)).await?;
        }
        Ok(())
    }

    /// Which of the entries it was.
    async fn poison(&self, tx: &mut PgConnection, entries: &[Entry], reason: String) -> RebuildError {
        let mut standing = Standing::default();
        if let Err(error) = apply::isolating(tx, self.projection, entries, &mut standing).await {
            return error.into();
        }
        match standing.found.into_iter().next() {
            Some(poison) => RebuildError::Poison {
                cursor: poison.entry.cursor,
                event_type: poison.entry.event_type.to_string(),
                reason: poison.reason,
            },
            None => RebuildError::Together(reason),
        }
    }
}

async fn read(reader: &Reader, after: Cursor, last: i64, limit: Limit) -> Result<Vec<Entry>, SourceError> {
    let missing = usize::try_from(last - after.position).unwrap_or(0);
    if missing == 0 {
        return Ok(Vec::new());
    }
    let events = limit.events.min(missing);
    reader.tail(after, Limit { events, ..limit }).await
}

/// A plan made while the tables were empty scans them for ever; nobody else can tell the planner about tables that only this
/// transaction sees.
async fn analyze(tx: &mut PgConnection, version: Version) -> Result<(), sqlx::Error> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'p')",
    )
    .bind(version.schema())
    .fetch_all(&mut *tx)
    .await?;
    tx.execute(format!("ANALYZE {}", tables.join(", ")).as_str())
        .await
        .map(drop)
}

/// Where the projector is; it stays there until the transaction ends.
async fn lock_checkpoints(tx: &mut PgConnection, version: Version) -> Result<Vec<Cursor>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT epoch, shard, position FROM checkpoints WHERE projection = $1 AND version = $2 ORDER BY shard FOR UPDATE",
    )
    .bind(version.projection)
    .bind(version.number_in_database())
    .fetch_all(tx)
    .await?;
    rows.iter().map(log::cursor).collect()
}

/// The checkpoints of what was built, out of the hands that held those of what it replaces, and nothing parked.
async fn move_checkpoints(
    tx: &mut PgConnection,
    version: Version,
    ends: &[(Cursor, Option<Uuid>)],
) -> Result<(), sqlx::Error> {
    for (end, event_id) in ends {
        sqlx::query(
            "UPDATE checkpoints SET epoch = $4, position = $5, event_id = $6, fence = fence + 1
              WHERE projection = $1 AND version = $2 AND shard = $3",
        )
        .bind(version.projection)
        .bind(version.number_in_database())
        .bind(end.shard.as_i16())
        .bind(end.epoch)
        .bind(end.position)
        .bind(event_id)
        .execute(&mut *tx)
        .await?;
    }
    sqlx::query("DELETE FROM parked WHERE projection = $1 AND version = $2")
        .bind(version.projection)
        .bind(version.number_in_database())
        .execute(tx)
        .await
        .map(drop)
}

/// Lets what was built answer queries, and drops what it replaces.
async fn take_place(tx: &mut PgConnection, projection: &dyn Projection) -> Result<(), sqlx::Error> {
    let version = Version::of(projection);
    // Whoever reads a read model holds a lock on this table until they are done (`read_models::read`): none of them sees its
    // tables change under it, and who comes now waits for the commit.
    tx.execute("LOCK TABLE read_models IN ACCESS EXCLUSIVE MODE").await?;
    sqlx::query("UPDATE read_models SET schema_id = $3::regnamespace WHERE projection = $1 AND version = $2")
        .bind(version.projection)
        .bind(version.number_in_database())
        .bind(version.schema())
        .execute(&mut *tx)
        .await?;
    activate(tx, version).await?;
    tx.execute(format!("DROP SCHEMA {}_replaced CASCADE", version.schema()).as_str())
        .await
        .map(drop)
}
