//! Where each shard of a read model stands, and whose hand writes it.
//!
//! Invariant: whoever writes rows of a read model moves its checkpoint first, in the same transaction, from the position and
//! under the fence it knows. So each event's effects are there exactly once, however many processes believe that it is their
//! turn.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

use schemas::{Cursor, SHARDS, Shard};
use sqlx::{PgConnection, PgPool, Postgres, Row, Transaction};
use uuid::Uuid;

use crate::{Projection, SequenceId, SourceError, log, parked};

/// A version of a read model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// Of which projection.
    pub projection: &'static str,
    /// Which version.
    pub number: u32,
}

impl Version {
    /// The version that this code builds.
    #[must_use]
    pub fn of(projection: &dyn Projection) -> Self {
        Self {
            projection: projection.name(),
            number: projection.version(),
        }
    }

    /// The schema of its tables.
    #[must_use]
    pub fn schema(self) -> String {
        format!("{}_v{}", self.projection, self.number)
    }

    pub(crate) fn number_in_database(self) -> i32 {
        self.number.cast_signed()
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} v{}", self.projection, self.number)
    }
}

/// A shard of a read model in this process's hand.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// Up to where its events were applied.
    pub cursor: Cursor,
    /// The event there; `None` before the first.
    pub event_id: Option<Uuid>,
    /// What the hand is known by.
    pub fence: i64,
    /// The sequences that stand still.
    pub parked: HashSet<SequenceId>,
}

/// How a shard of a read model moves on.
pub(crate) struct Advance {
    pub fence: i64,
    pub from: Cursor,
    pub to: Cursor,
    pub event_id: Uuid,
}

/// Moves the checkpoints, and holds them until the transaction ends. `false`, with nothing to be kept of the transaction, if
/// any of them was moved or taken by another hand, or would come to stand at an event that isn't the log's.
pub(crate) async fn advance(
    tx: &mut PgConnection,
    version: Version,
    advances: &[Advance],
) -> Result<bool, sqlx::Error> {
    let column = |value: fn(&Advance) -> i64| advances.iter().map(value).collect::<Vec<i64>>();
    let shards: Vec<i16> = advances.iter().map(|advance| advance.to.shard.as_i16()).collect();
    let epochs: Vec<i32> = advances.iter().map(|advance| advance.to.epoch).collect();
    let events: Vec<Uuid> = advances.iter().map(|advance| advance.event_id).collect();
    // Asked of all shards, the server makes ready to look into every one, for what is mostly in one.
    let log = match shards[..] {
        [shard] => format!("events_{shard}"),
        _ => "events".to_owned(),
    };
    let written = log::event_at("e.event_id", &log, "a.shard", "a.position");
    let moved = sqlx::query(&format!(
        "UPDATE checkpoints c SET epoch = a.epoch, position = a.position, event_id = a.event_id
           FROM unnest($3::smallint[], $4::bigint[], $5::bigint[], $6::int[], $7::bigint[], $8::uuid[])
                  AS a(shard, fence, behind, epoch, position, event_id)
          WHERE c.projection = $1 AND c.version = $2 AND c.shard = a.shard AND c.fence = a.fence AND c.position = a.behind
            AND a.event_id = {written}"
    ))
    .bind(version.projection)
    .bind(version.number_in_database())
    .bind(shards)
    .bind(column(|advance| advance.fence))
    .bind(column(|advance| advance.from.position))
    .bind(epochs)
    .bind(column(|advance| advance.to.position))
    .bind(events)
    .execute(tx)
    .await?
    .rows_affected();
    Ok(moved == advances.len() as u64)
}

/// A process's claim to shards, by the database's clock.
#[derive(Debug, Clone)]
pub(crate) struct Leases {
    stream: PgPool,
    holder: Uuid,
    /// How long a shard stays with a process that has gone silent.
    lasting: Duration,
}

/// A process's part of the shards.
struct Part {
    /// How many it should hold.
    fair: usize,
    /// Those that are its own by their leases, with the positions of their checkpoints.
    held: BTreeMap<Shard, i64>,
}

/// What a process works on from now on.
pub(crate) struct Settled {
    /// What it keeps of what it worked on.
    pub kept: BTreeSet<Shard>,
    /// What has come to it.
    pub taken: Taken,
}

/// What was taken.
#[derive(Default)]
pub(crate) struct Taken {
    pub held: Vec<Held>,
    /// How many of them another process had left without a word.
    pub takeovers: u64,
}

impl Leases {
    /// Leases of this process.
    pub(crate) fn new(stream: PgPool, holder: Uuid, lasting: Duration) -> Self {
        Self {
            stream,
            holder,
            lasting,
        }
    }

    /// Leaves what is more than this process's part to others, takes what is free of it, and makes sure that the log is the one
    /// that the checkpoints speak of. A process that stood still may have lost what it works on without a word; one that works on a
    /// shard from another position than its checkpoint's takes it anew.
    pub(crate) async fn settle(
        &self,
        version: Version,
        works_on: impl Fn(Shard, i64) -> bool,
    ) -> Result<Settled, SourceError> {
        let Part { fair, held } = self.part(version).await?;
        let (kept, idle): (BTreeMap<_, _>, BTreeMap<_, _>) =
            held.into_iter().partition(|(shard, at)| works_on(*shard, *at));
        let mut kept: BTreeSet<Shard> = kept.into_keys().collect();
        let surplus: Vec<Shard> = kept.iter().chain(idle.keys()).skip(fair).copied().collect();
        if !surplus.is_empty() {
            self.leave(version, &surplus).await?;
            kept.retain(|shard| !surplus.contains(shard));
        }
        let missing: Vec<Shard> = Shard::all().filter(|shard| !kept.contains(shard)).collect();
        let room = fair - kept.len();
        if room == 0 {
            let taken = Taken::default();
            return Ok(Settled { kept, taken });
        }
        let taken = self.take(version, &missing, room).await?;
        let known: Vec<_> = taken
            .held
            .iter()
            .filter_map(|held| Some((held.cursor, held.event_id?)))
            .collect();
        log::recognise(&self.stream, &known).await?;
        Ok(Settled { kept, taken })
    }

    /// What this process holds still, and how much of all it should hold, by how many processes there are. Counts this one among
    /// them for as long as a lease lasts; that needn't outlast a crash of the server, so it doesn't wait for the disk.
    async fn part(&self, version: Version) -> Result<Part, sqlx::Error> {
        let row = sqlx::query(
            "WITH here AS (
               INSERT INTO workers (projection, version, holder, expires_at)
               VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
               ON CONFLICT (projection, version, holder) DO UPDATE SET expires_at = excluded.expires_at),
             gone AS (
               DELETE FROM workers WHERE projection = $1 AND version = $2 AND holder <> $3 AND expires_at <= clock_timestamp())
             SELECT (SELECT count(*) FROM workers
                      WHERE projection = $1 AND version = $2 AND holder <> $3 AND expires_at > clock_timestamp()) AS others,
                    held.shards, held.positions, set_config('synchronous_commit', 'off', true)
               FROM (SELECT coalesce(array_agg(c.shard), '{}') AS shards, coalesce(array_agg(c.position), '{}') AS positions
                       FROM leases l JOIN checkpoints c USING (projection, version, shard)
                      WHERE l.projection = $1 AND l.version = $2 AND l.holder = $3) held",
        )
        .bind(version.projection)
        .bind(version.number_in_database())
        .bind(self.holder)
        .bind(self.lasting.as_secs_f64())
        .fetch_one(&self.stream)
        .await?;
        let processes = usize::try_from(row.try_get::<i64, _>("others")?).unwrap_or_default() + 1;
        let shards: Vec<i16> = row.try_get("shards")?;
        let positions: Vec<i64> = row.try_get("positions")?;
        Ok(Part {
            fair: usize::from(SHARDS).div_ceil(processes),
            held: shards
                .into_iter()
                .zip(positions)
                .filter_map(|(shard, position)| Some((Shard::try_from(shard).ok()?, position)))
                .collect(),
        })
    }

    /// Leaves these shards to others, at once.
    async fn leave(&self, version: Version, shards: &[Shard]) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE leases SET holder = NULL, expires_at = '-infinity'
              WHERE holder = $1 AND projection = $2 AND version = $3 AND shard = ANY($4)",
        )
        .bind(self.holder)
        .bind(version.projection)
        .bind(version.number_in_database())
        .bind(numbers(shards))
        .execute(&self.stream)
        .await
        .map(drop)
    }

    /// Takes at most so many of the shards that are free, and their checkpoints into this process's hand: whoever had them
    /// before can't write them any more.
    async fn take(&self, version: Version, shards: &[Shard], at_most: usize) -> Result<Taken, sqlx::Error> {
        let shards = numbers(shards);
        let mut tx = begin(&self.stream, self.lasting).await?;
        let rows = sqlx::query(
            // A hand that has died in a transaction holds its checkpoint until the server notices: that one is for later.
            "WITH free AS (
               SELECT shard, l.holder FROM leases l JOIN checkpoints c USING (projection, version, shard)
                WHERE projection = $1 AND version = $2 AND shard = ANY($3)
                  AND (l.holder = $4 OR l.expires_at <= clock_timestamp())
                ORDER BY l.holder IS DISTINCT FROM $4, shard LIMIT $6 FOR UPDATE SKIP LOCKED),
             taken AS (
               UPDATE leases l SET holder = $4, expires_at = clock_timestamp() + make_interval(secs => $5)
                 FROM free WHERE l.projection = $1 AND l.version = $2 AND l.shard = free.shard
               RETURNING l.shard, free.holder IS DISTINCT FROM $4 AND free.holder IS NOT NULL AS abandoned)
             UPDATE checkpoints c SET fence = c.fence + 1
               FROM taken WHERE c.projection = $1 AND c.version = $2 AND c.shard = taken.shard
             RETURNING c.shard, c.epoch, c.position, c.event_id, c.fence, taken.abandoned",
        )
        .bind(version.projection)
        .bind(version.number_in_database())
        .bind(&shards)
        .bind(self.holder)
        .bind(self.lasting.as_secs_f64())
        .bind(i64::try_from(at_most).unwrap_or(i64::MAX))
        .fetch_all(&mut *tx)
        .await?;
        let mut parked = parked::sequences(&mut tx, version, &shards).await?;
        tx.commit().await?;
        let mut taken = Taken {
            held: Vec::with_capacity(rows.len()),
            takeovers: 0,
        };
        for row in rows {
            let cursor = log::cursor(&row)?;
            taken.takeovers += u64::from(row.get::<bool, _>("abandoned"));
            taken.held.push(Held {
                cursor,
                event_id: row.get("event_id"),
                fence: row.get("fence"),
                parked: parked.remove(&cursor.shard).unwrap_or_default(),
            });
        }
        Ok(taken)
    }

    /// Keeps what this process holds, of every read model, for another while. A disk that is slow must not cost it its leases, so it
    /// doesn't wait for it: what a crash of the server takes back ends sooner, and others may take it then.
    pub(crate) async fn renew(&self) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => $2)
               FROM (SELECT set_config('synchronous_commit', 'off', true)) AS not_waiting WHERE holder = $1",
        )
        .bind(self.holder)
        .bind(self.lasting.as_secs_f64())
        .execute(&self.stream)
        .await
        .map(drop)
    }

    /// Leaves everything to others, at once.
    pub(crate) async fn release(&self) -> Result<(), sqlx::Error> {
        sqlx::query(
            "WITH gone AS (DELETE FROM workers WHERE holder = $1)
             UPDATE leases SET holder = NULL, expires_at = '-infinity' WHERE holder = $1",
        )
        .bind(self.holder)
        .execute(&self.stream)
        .await
        .map(drop)
    }
}

/// A transaction that the server ends when this process stands still in it for so long: others wait for what it holds.
pub(crate) async fn begin(stream: &PgPool, patience: Duration) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let begin = format!(
        "BEGIN; SET LOCAL idle_in_transaction_session_timeout = {}; SET LOCAL lock_timeout = '10s';
         SET LOCAL statement_timeout = '120s'",
        patience.as_millis()
    );
    stream.begin_with(begin).await
}

fn numbers(shards: &[Shard]) -> Vec<i16> {
    shards.iter().map(|shard| shard.as_i16()).collect()
}
