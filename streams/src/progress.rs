//! How far the read models have come, for those who wait for one and those who watch.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use domain::ids::OrganizationId;
use schemas::{Cursor, PositionToken, SHARDS, Shard};
use sqlx::{PgPool, Row};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};
use uuid::Uuid;

use crate::{Version, log};

/// What the projectors and indexes of this process have applied, and a way to wait for more.
pub struct Progress {
    applied: Mutex<HashMap<&'static str, [i64; SHARDS as usize]>>,
    changed: watch::Sender<()>,
    /// How many wait for each.
    waiting: watch::Sender<HashMap<String, usize>>,
}

/// Whether a read model has passed a place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waited {
    /// It has: all that lies behind that place can be read.
    Passed,
    /// Not in time.
    Behind {
        /// How many events of that shard lie between.
        events: i64,
    },
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            applied: Mutex::default(),
            changed: watch::Sender::new(()),
            waiting: watch::Sender::default(),
        }
    }
}

/// How often the database is asked, for a read model that another process writes.
const POLL: Duration = Duration::from_millis(25);

impl Progress {
    /// Says that a read model has passed this cursor.
    pub fn passed(&self, projection: &'static str, cursor: Cursor) {
        let mut applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        let position = &mut applied.entry(projection).or_default()[cursor.shard.index()];
        *position = cursor.position.max(*position);
        drop(applied);
        self.changed.send_replace(());
    }

    /// Up to where a read model was applied by this process, in every shard.
    #[must_use]
    pub fn positions(&self, projection: &str) -> [i64; SHARDS as usize] {
        let applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        applied.get(projection).copied().unwrap_or_default()
    }

    /// Up to where a read model was applied by this process.
    fn position(&self, projection: &str, shard: Shard) -> i64 {
        self.positions(projection)[shard.index()]
    }

    /// Waits until a read model that this process builds has passed a cursor, at most so long.
    pub async fn wait_here(&self, projection: &str, cursor: Cursor, at_most: Duration) -> Waited {
        let until = Instant::now() + at_most;
        let mut changed = self.changed.subscribe();
        let mut waiting = None;
        loop {
            changed.mark_unchanged();
            let events = cursor.position - self.position(projection, cursor.shard);
            if events <= 0 {
                return Waited::Passed;
            }
            waiting.get_or_insert_with(|| Waiting::of(self, projection));
            if timeout_at(until, changed.changed()).await.is_err() {
                return Waited::Behind { events };
            }
        }
    }

    /// Returns as soon as somebody waits for a read model that this process builds: a reason not to let more gather before it is applied.
    pub async fn is_waited_for(&self, projection: &str) {
        let mut waiting = self.waiting.subscribe();
        // It can't fail as long as the sender is there, and it is.
        let _somebody = waiting
            .wait_for(|waiting| waiting.get(projection).is_some_and(|many| *many > 0))
            .await;
    }

    /// Waits until the active version of a read model in the database has passed a cursor, at most so long, whichever process
    /// writes it.
    ///
    /// # Errors
    /// A server that can't be asked.
    pub async fn wait(
        &self,
        pool: &PgPool,
        projection: &str,
        cursor: Cursor,
        at_most: Duration,
    ) -> Result<Waited, sqlx::Error> {
        let until = Instant::now() + at_most;
        let mut patience = Duration::ZERO;
        loop {
            // An own projector says so at once; another process's shows at the next look.
            if self.wait_here(projection, cursor, patience).await == Waited::Passed {
                return Ok(Waited::Passed);
            }
            let events = cursor.position - position(pool, projection, cursor.shard).await?;
            if events <= 0 {
                return Ok(Waited::Passed);
            }
            patience = POLL.min(until - Instant::now());
            if patience.is_zero() {
                return Ok(Waited::Behind { events });
            }
        }
    }
}

/// Somebody who waits, until it is dropped.
struct Waiting<'a> {
    progress: &'a Progress,
    projection: &'a str,
}

impl<'a> Waiting<'a> {
    fn of(progress: &'a Progress, projection: &'a str) -> Self {
        progress
            .waiting
            .send_modify(|waiting| *waiting.entry(projection.to_owned()).or_default() += 1);
        Self { progress, projection }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.progress.waiting.send_modify(|waiting| {
            if let Some(many) = waiting.get_mut(self.projection) {
                *many -= 1;
            }
        });
    }
}

/// Where the active version of a read model stands; 0 if there is none.
async fn position(pool: &PgPool, projection: &str, shard: Shard) -> Result<i64, sqlx::Error> {
    let position: Option<i64> = sqlx::query_scalar(
        "SELECT c.position FROM checkpoints c JOIN read_models r USING (projection, version)
          WHERE r.active AND projection = $1 AND c.shard = $2",
    )
    .bind(projection)
    .bind(shard.as_i16())
    .fetch_optional(pool)
    .await?;
    Ok(position.unwrap_or(0))
}

/// Why a client's token leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The organization's log holds no such event there: the token is another's, or the log was restored from an older copy.
    #[error("the position token is not of this log")]
    NotOfThisLog,
    /// The server can't be asked.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Makes sure that a token was given out for an event of this organization that is still in the log.
///
/// # Errors
/// A token of another organization or another life of the log; a server that can't be asked.
pub async fn check_token(app: &PgPool, organization: OrganizationId, token: &PositionToken) -> Result<(), TokenError> {
    let mut tx = store::organization::read(app, organization).await?;
    let event = log::event_at("e.event_id", "events", "$1", "$2");
    let found: Option<Uuid> = sqlx::query_scalar(&format!("SELECT {event}"))
        .bind(token.cursor.shard.as_i16())
        .bind(token.cursor.position)
        .fetch_one(&mut *tx)
        .await?;
    if found == Some(token.event_id) {
        Ok(())
    } else {
        Err(TokenError::NotOfThisLog)
    }
}

/// How far a version of a read model is behind the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Lag {
    /// Which read model.
    pub projection: String,
    /// Which of its versions.
    pub version: u32,
    /// Whether this version answers queries.
    pub active: bool,
    /// How many events it has not applied, over all shards.
    pub events: i64,
    /// How long the oldest of them has been in the log, in seconds, by the server's clock; 0 without any.
    pub seconds: f64,
    /// How many sequences of it stand still.
    pub parked: i64,
}

/// How far every reader that keeps checkpoints is behind, read models and the relay.
fn behind_each() -> String {
    let age = log::event_at(log::AGE, "events", "c.shard", "c.position + 1");
    format!(
        "heads AS (
           SELECT shard, coalesce((SELECT e.position FROM events e WHERE e.shard = s.shard
                                    ORDER BY e.position DESC LIMIT 1), 0) AS head
             FROM generate_series(0, 15) AS s(shard)),
         behind AS (
           SELECT c.projection, c.version, sum(greatest(h.head - c.position, 0))::bigint AS events,
                  max(CASE WHEN h.head > c.position THEN {age} END) AS seconds
             FROM checkpoints c JOIN heads h USING (shard)
            GROUP BY c.projection, c.version)"
    )
}

/// How far one of them is behind: how many events, over all shards, and how long the oldest of them has been in the log, in
/// seconds, by the server's clock.
pub(crate) async fn behind(stream: &PgPool, version: Version) -> Result<(i64, f64), sqlx::Error> {
    let query = format!(
        "WITH {}
         SELECT events, coalesce(greatest(seconds, 0), 0) FROM behind WHERE projection = $1 AND version = $2",
        behind_each()
    );
    sqlx::query_as(&query)
        .bind(version.projection)
        .bind(version.number_in_database())
        .fetch_one(stream)
        .await
}

/// How far each version of each read model is behind. As the stream role, which alone sees the whole log.
///
/// # Errors
/// A server that can't be asked.
pub async fn lag(stream: &PgPool) -> Result<Vec<Lag>, sqlx::Error> {
    let query = format!(
        "WITH {}
         SELECT r.projection, r.version, r.active, b.events, coalesce(greatest(b.seconds, 0), 0) AS seconds,
                (SELECT count(*) FROM parked p WHERE p.projection = r.projection AND p.version = r.version) AS parked
           FROM read_models r JOIN behind b USING (projection, version)
          ORDER BY r.projection, r.version",
        behind_each()
    );
    let rows = sqlx::query(&query).fetch_all(stream).await?;
    rows.into_iter()
        .map(|row| {
            Ok(Lag {
                projection: row.try_get("projection")?,
                version: row.try_get::<i32, _>("version")?.cast_unsigned(),
                active: row.try_get("active")?,
                events: row.try_get("events")?,
                seconds: row.try_get("seconds")?,
                parked: row.try_get("parked")?,
            })
        })
        .collect()
}
