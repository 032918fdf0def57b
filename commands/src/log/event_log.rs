//! The log as a process that serves sees it.

use std::sync::Arc;

use domain::ids::OrganizationId;
use schemas::{Recorded, SHARDS, Shard, shard_of};
use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{
    AppendError, Appended, NewCommand, ReadError, Snapshot, StreamId, batch::Waiting, lane::Lane, together::Together,
    trouble, types::Prepared, wake::Wake, writers::Writers,
};
use crate::metrics::Metrics;

/// So many commands of a shard wait here; further ones wait where they came from.
const MAX_WAITING: usize = 4096;

/// Of so many groups the shards are, each written together: the server works for one while the other's call waits for the disk.
const GROUPS: usize = 2;

/// The event log, to be shared: clones append through the same lanes.
#[derive(Clone)]
pub struct EventLog {
    pool: PgPool,
    lanes: Arc<[mpsc::Sender<Waiting>]>,
    metrics: Metrics,
}

impl EventLog {
    /// Appends and reads as the role of `app`. Its lanes run until the last clone is gone.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[must_use]
    pub fn new(app: PgPool, metrics: Metrics) -> Self {
        let writers = Arc::new(Writers::new(app.clone(), metrics.clone()));
        let groups: [_; GROUPS] = std::array::from_fn(|_| Arc::new(Together::new(writers.clone())));
        let wake = Wake::new(app.clone());
        let lane = |shard: Shard| {
            let (sender, incoming) = mpsc::channel(MAX_WAITING);
            let together = groups[shard.index() % GROUPS].clone();
            let lane = Lane::new(shard, together, wake.clone(), metrics.clone());
            tokio::spawn(lane.run(incoming));
            sender
        };
        Self {
            lanes: Shard::all().map(lane).collect(),
            pool: app,
            metrics,
        }
    }

    /// Writes a command's events, all or none, unless it was written before: then it answers where they stand. It is safe to
    /// stop waiting; the command may be written all the same.
    ///
    /// # Errors
    /// See [`AppendError`].
    pub async fn append(&self, command: NewCommand) -> Result<Appended, AppendError> {
        let lane = &self.lanes[shard_of(command.organization).index()];
        let prepared = Prepared::new(command)?;
        let (answer, answered) = oneshot::channel();
        lane.send(Waiting { prepared, answer }).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// The ids of an organization's streams of a type, in order, behind `after`; at most `limit`.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn streams_of_type(
        &self,
        organization: OrganizationId,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Uuid>, ReadError> {
        self.snapshot(organization)
            .streams_of_type(aggregate_type, after, limit)
            .await
    }

    /// A stream's events as they are stored, in order.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn stream(&self, organization: OrganizationId, stream: StreamId) -> Result<Vec<Recorded>, ReadError> {
        self.snapshot(organization).stream(stream).await
    }

    pub(crate) fn snapshot(&self, organization: OrganizationId) -> Snapshot<'_> {
        Snapshot::new(&self.pool, organization)
    }

    /// Connections of the role that reads and appends.
    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// What is counted of it.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

/// The lane is gone: the process ends.
fn stopped() -> AppendError {
    trouble::append_error(sqlx::Error::WorkerCrashed)
}

/// The last position of every shard, 0 for one without events, by shard. `stream` is the pool of a role that sees them all.
///
/// # Errors
/// See [`ReadError`].
pub async fn heads(stream: &PgPool) -> Result<[i64; SHARDS as usize], ReadError> {
    let heads: Vec<i64> = sqlx::query_scalar(
        "SELECT coalesce((SELECT e.position FROM events e WHERE e.shard = s.shard ORDER BY e.position DESC LIMIT 1), 0)
           FROM generate_series(0, 15) s(shard) ORDER BY s.shard",
    )
    .fetch_all(stream)
    .await?;
    heads.try_into().map_err(|_| sqlx::Error::RowNotFound.into())
}
