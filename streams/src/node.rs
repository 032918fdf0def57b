//! What a process tells of a read model that it keeps whole for itself, such as a search index: by it others know how far that
//! one is.

use std::{sync::Arc, time::Duration};

use sqlx::{PgPool, Row};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use uuid::Uuid;

use crate::{Progress, Telemetry, log};

/// A process that tells of itself.
pub struct Node {
    /// With the connections of the stream role.
    pub stream: PgPool,
    /// What names this process among all that ever told of themselves.
    pub holder: Uuid,
    /// The read model that it keeps.
    pub projection: &'static str,
    /// Where it answers.
    pub place: String,
    /// How far it is.
    pub progress: Arc<Progress>,
    /// Where its metrics go.
    pub telemetry: Telemetry,
    /// How long a process that has gone silent still counts.
    pub lasting: Duration,
}

impl Node {
    /// Tells until told to stop, and then that it is gone. `parked` says how many sequences stand still.
    pub async fn tell(self, parked: impl Fn() -> i64, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.tell_once(parked()).await {
                warn!(%error, "others can't be told how far this node is");
            }
            let _stopped = stop.run_until_cancelled(sleep(self.lasting / 3)).await;
        }
        let gone = sqlx::query("DELETE FROM nodes WHERE holder = $1").bind(self.holder);
        if let Err(error) = gone.execute(&self.stream).await {
            warn!(%error, "this node counts as there for a while longer");
        }
    }

    async fn tell_once(&self, parked: i64) -> Result<(), sqlx::Error> {
        sqlx::query(
            "WITH gone AS (DELETE FROM nodes WHERE holder <> $1 AND expires_at <= clock_timestamp())
             INSERT INTO nodes (holder, projection, place, positions, parked, expires_at)
             VALUES ($1, $2, $3, $4, $5, clock_timestamp() + make_interval(secs => $6))
             ON CONFLICT (holder) DO UPDATE
                SET positions = excluded.positions, parked = excluded.parked, expires_at = excluded.expires_at",
        )
        .bind(self.holder)
        .bind(self.projection)
        .bind(&self.place)
        .bind(self.progress.positions(self.projection).as_slice())
        .bind(parked)
        .bind(self.lasting.as_secs_f64())
        .execute(&self.stream)
        .await?;
        if let Some(lag) = lag(&self.stream, Some(self.holder)).await?.pop() {
            self.telemetry.node(self.projection, lag.events, lag.seconds, parked);
        }
        Ok(())
    }
}

/// How far a node is behind the log.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeLag {
    /// Which read model it keeps.
    pub projection: String,
    /// Where it answers.
    pub place: String,
    /// How many events it has not applied, over all shards.
    pub events: i64,
    /// How long the oldest of them has been in the log, in seconds, by the server's clock; 0 without any.
    pub seconds: f64,
    /// How many sequences of it stand still.
    pub parked: i64,
}

/// How far each node is behind that is there, or one of them. As the stream role.
///
/// # Errors
/// A server that can't be asked.
pub async fn lag(stream: &PgPool, holder: Option<Uuid>) -> Result<Vec<NodeLag>, sqlx::Error> {
    let age = log::event_at(log::AGE, "events", "h.shard", "p.position + 1");
    let rows = sqlx::query(&format!(
        "SELECT n.projection, n.place, n.parked, b.events, coalesce(greatest(b.seconds, 0), 0) AS seconds
           FROM nodes n
          CROSS JOIN LATERAL (
            SELECT sum(greatest(h.head - p.position, 0))::bigint AS events,
                   max({age}) AS seconds
              FROM unnest(n.positions) WITH ORDINALITY AS p(position, number)
             CROSS JOIN LATERAL (
               SELECT (p.number - 1)::smallint AS shard,
                      coalesce((SELECT e.position FROM events e WHERE e.shard = p.number - 1
                                 ORDER BY e.position DESC LIMIT 1), 0) AS head) h) b
          WHERE n.expires_at > clock_timestamp() AND ($1 IS NULL OR n.holder = $1)
          ORDER BY n.projection, n.place"
    ))
    .bind(holder)
    .fetch_all(stream)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(NodeLag {
                projection: row.try_get("projection")?,
                place: row.try_get("place")?,
                events: row.try_get("events")?,
                seconds: row.try_get("seconds")?,
                parked: row.try_get("parked")?,
            })
        })
        .collect()
}
