//! The loop that keeps one projection up to date in the shards that this process holds.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use schemas::{Cursor, Shard};
use sqlx::PgPool;
use tokio::{
    select,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    RunnerError, Settings,
    step::{Outcome, Step},
    writer::Writer,
};
use crate::{
    Entry, Feed, InstallError, Progress, Projection, SequenceId, SourceError, State, Telemetry, Version,
    checkpoint::{Advance, Held, Leases, Settled},
    log, read_models, trace,
};

pub(super) struct Worker {
    pub projection: Arc<dyn Projection>,
    pub version: Version,
    pub stream: PgPool,
    pub feed: Arc<Feed>,
    pub leases: Leases,
    pub writer: Writer,
    pub settings: Settings,
    pub telemetry: Telemetry,
    pub progress: Arc<Progress>,
    pub installed: bool,
    pub held: BTreeMap<Shard, Held>,
    pub next_take: Instant,
}

/// How often to look for shards that have become free.
const TAKE_EVERY: Duration = Duration::from_secs(1);

/// Why a round came to nothing.
enum Failure {
    /// Try again later.
    Passing(String),
    /// Never mind trying.
    Final(RunnerError),
}

impl Worker {
    /// Works until told to stop, or until something is wrong that trying again can't mend.
    pub(super) async fn run(mut self, stop: CancellationToken) -> Result<(), RunnerError> {
        let mut hints = self.feed.hints();
        let mut failures = 0;
        while !stop.is_cancelled() {
            hints.mark_unchanged();
            let pause = match self.round().await {
                Ok(applied) => {
                    failures = 0;
                    self.tell_running();
                    if applied > 0 {
                        if applied < self.settings.batch.events {
                            let _told = stop.run_until_cancelled(sleep(self.projection.rest())).await;
                        }
                        continue;
                    }
                    self.settings.poll
                }
                Err(Failure::Passing(reason)) => {
                    warn!(projection = %self.version, reason, "a projection waits for the server");
                    // Whatever was under way may or may not have been written.
                    self.held.clear();
                    self.writer.forget();
                    self.next_take = Instant::now();
                    self.telemetry.failed(self.version, reason);
                    failures += 1;
                    self.settings.backoff(failures)
                }
                Err(Failure::Final(reason)) => {
                    error!(projection = %self.version, %reason, "a projection stops");
                    let state = State::Stopped {
                        reason: reason.to_string(),
                    };
                    self.telemetry.update(self.version, |health| health.state = state);
                    return Err(reason);
                }
            };
            let hint_counts = failures == 0;
            select! {
                () = stop.cancelled() => {}
                () = sleep(pause) => {}
                Ok(()) = hints.changed(), if hint_counts => {}
            }
        }
        Ok(())
    }

    /// Applies what there is, once; says how many events that were.
    async fn round(&mut self) -> Result<usize, Failure> {
        if !self.installed {
            read_models::install(&self.stream, &*self.projection).await?;
            self.installed = true;
        }
        if Instant::now() >= self.next_take {
            self.take().await?;
        }
        let cursors: Vec<Cursor> = self.held.values().map(|held| held.cursor).collect();
        if cursors.is_empty() {
            return Ok(0);
        }
        let entries = self.feed.read(&cursors, self.settings.batch).await?;
        if !entries.is_empty() {
            self.apply(&entries).await?;
        }
        Ok(entries.len())
    }

    /// Takes what is this process's part of the shards, and leaves the rest to others.
    async fn take(&mut self) -> Result<(), Failure> {
        self.next_take = Instant::now() + TAKE_EVERY.min(self.settings.lease / 3);
        let Settled { kept, taken } = self
            .leases
            .settle(self.version, |shard, position| {
                self.held
                    .get(&shard)
                    .is_some_and(|held| held.cursor.position == position)
            })
            .await?;
        self.held.retain(|shard, _| kept.contains(shard));
        self.telemetry.takeovers(self.version, taken.takeovers);
        if !taken.held.is_empty() {
            info!(projection = %self.version, shards = taken.held.len(), takeovers = taken.takeovers, "took shards");
        }
        for held in taken.held {
            self.progress.passed(self.version.projection, held.cursor);
            self.held.insert(held.cursor.shard, held);
        }
        Ok(())
    }

    async fn apply(&mut self, entries: &[Entry]) -> Result<(), Failure> {
        let step = Step {
            projection: &*self.projection,
            advances: self.advances(entries),
            entries,
            parked: self.parked_in(entries),
        };
        let ends: Vec<&Entry> = runs(entries).filter_map(<[Entry]>::last).collect();
        let _spans = trace::projecting(self.version.projection, entries);
        match step.run(&mut self.writer).await? {
            Outcome::Applied(found) => {
                for poison in found {
                    warn!(
                        projection = %self.version, event = %poison.entry.cursor, kind = %poison.entry.event_type,
                        organization = %poison.sequence.tenant_id, reason = poison.reason, "an event is parked"
                    );
                    if let Some(held) = self.held.get_mut(&poison.entry.cursor.shard) {
                        held.parked.insert(poison.sequence);
                    }
                }
                for end in ends {
                    if let Some(held) = self.held.get_mut(&end.cursor.shard) {
                        held.cursor = end.cursor;
                        held.event_id = Some(end.event_id);
                    }
                    self.progress.passed(self.version.projection, end.cursor);
                }
                self.telemetry.applied(self.version, entries.len());
            }
            Outcome::Lost => {
                let read: Vec<_> = ends.iter().map(|end| (end.cursor, end.event_id)).collect();
                log::recognise(&self.stream, &read).await?;
                // One of them is in another hand, or moved by one; taking them anew shows which are still ours.
                for end in ends {
                    self.held.remove(&end.cursor.shard);
                }
                self.next_take = Instant::now();
            }
        }
        Ok(())
    }

    fn advances(&self, entries: &[Entry]) -> Vec<Advance> {
        runs(entries)
            .filter_map(|run| {
                let end = run.last()?;
                let held = self.held.get(&end.cursor.shard)?;
                Some(Advance {
                    fence: held.fence,
                    from: held.cursor,
                    to: end.cursor,
                    event_id: end.event_id,
                })
            })
            .collect()
    }

    fn parked_in(&self, entries: &[Entry]) -> HashSet<SequenceId> {
        runs(entries)
            .filter_map(|run| self.held.get(&run.first()?.cursor.shard))
            .flat_map(|held| held.parked.iter().copied())
            .collect()
    }

    fn tell_running(&self) {
        let shards = self.held.len();
        self.telemetry.update(self.version, |health| {
            health.state = State::Running;
            health.shards = shards;
        });
    }
}

/// The events of each shard.
fn runs(entries: &[Entry]) -> impl Iterator<Item = &[Entry]> {
    entries.chunk_by(|one, next| one.cursor.shard == next.cursor.shard)
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Passing(error.to_string())
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Unavailable(_) => Self::Passing(error.to_string()),
            SourceError::Fault(fault) => Self::Final(RunnerError::Fault(fault)),
        }
    }
}

impl From<InstallError> for Failure {
    fn from(error: InstallError) -> Self {
        if error.passes() {
            Self::Passing(error.to_string())
        } else {
            Self::Final(RunnerError::Install(error))
        }
    }
}
