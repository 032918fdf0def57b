//! The writers of one shard: each takes whatever waits and appends it in one call.
//!
//! While their calls are under way the next commands gather, so the busier a shard is, the more a call carries. The database lets
//! one call in at a time; the next is at its door by then.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, PoisonError},
    time::Duration,
};

use schemas::Shard;
use tokio::{
    sync::{Mutex, mpsc},
    time::{Instant, timeout},
};

use super::{
    AppendError,
    batch::{self, Waiting},
    call::{self, Outcome},
    trouble,
    types::Prepared,
    wake::Wake,
    writers::Writers,
};
use crate::metrics::Metrics;

/// A call that takes so long won't be answered: the server itself gives up sooner.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// What the lanes of a shard share.
pub(super) struct Queue {
    waiters: Mutex<Waiters>,
    /// The epoch that they write in, once known. It is theirs together: one that learned of a new epoch by itself would write in it
    /// what was decided in the old one.
    epoch: std::sync::Mutex<Option<i32>>,
}

struct Waiters {
    incoming: mpsc::Receiver<Waiting>,
    waiting: VecDeque<Waiting>,
}

impl Queue {
    pub(super) fn new(incoming: mpsc::Receiver<Waiting>) -> Self {
        let waiters = Waiters {
            incoming,
            waiting: VecDeque::new(),
        };
        Self {
            waiters: Mutex::new(waiters),
            epoch: std::sync::Mutex::default(),
        }
    }

    fn epoch(&self) -> std::sync::MutexGuard<'_, Option<i32>> {
        self.epoch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What goes into the next call, when there is something; `None` when there never will be.
    async fn next(&self) -> Option<Vec<Waiting>> {
        let mut waiters = self.waiters.lock().await;
        let Waiters { incoming, waiting } = &mut *waiters;
        if waiting.is_empty() {
            waiting.push_back(incoming.recv().await?);
        }
        while let Ok(next) = incoming.try_recv() {
            waiting.push_back(next);
        }
        Some(batch::take(waiting))
    }
}

pub(super) struct Lane {
    shard: Shard,
    writers: Arc<Writers>,
    wake: Wake,
    metrics: Metrics,
    queue: Arc<Queue>,
}

impl Lane {
    pub(super) fn new(shard: Shard, writers: Arc<Writers>, wake: Wake, metrics: Metrics, queue: Arc<Queue>) -> Self {
        Self {
            shard,
            writers,
            wake,
            metrics,
            queue,
        }
    }

    /// Appends what comes in until nobody can send any more.
    pub(super) async fn run(self) {
        while let Some(batch) = self.queue.next().await {
            self.append(batch).await;
        }
    }

    async fn append(&self, batch: Vec<Waiting>) {
        let commands: Vec<&Prepared> = batch.iter().map(|waiting| &waiting.prepared).collect();
        match self.call(&commands).await {
            Ok(outcomes) => {
                for (waiting, outcome) in batch.into_iter().zip(outcomes) {
                    self.answer(waiting, outcome);
                }
            }
            // One of them is at fault, and the others aren't to suffer for it.
            Err(error)
                if batch.len() > 1 && !matches!(error, AppendError::Unavailable { .. } | AppendError::NewEpoch) =>
            {
                for waiting in batch {
                    let outcome = self.call(&[&waiting.prepared]).await;
                    let outcome = outcome.and_then(|mut outcomes| outcomes.swap_remove(0));
                    self.answer(waiting, outcome);
                }
            }
            Err(error) => {
                tracing::warn!(shard = %self.shard, commands = batch.len(), error = &error as &dyn std::error::Error, "append failed");
                for waiting in batch {
                    self.answer(waiting, Err(error.clone()));
                }
            }
        }
    }

    fn answer(&self, waiting: Waiting, outcome: Outcome) {
        self.metrics.appended(&outcome);
        // Whoever asked may have gone; what is written stays.
        let _gone = waiting.answer.send(outcome);
    }

    async fn call(&self, commands: &[&Prepared]) -> Result<Vec<Outcome>, AppendError> {
        let mut result = self.try_call(commands).await;
        if result.as_ref().is_err_and(trouble::broke) {
            // The commands may have been written or not. Asked again the log tells, since it knows their ids.
            result = self.try_call(commands).await;
        }
        result.map_err(|error| {
            let error = trouble::append_error(error);
            if matches!(error, AppendError::NewEpoch) {
                *self.queue.epoch() = None;
            }
            error
        })
    }

    async fn try_call(&self, commands: &[&Prepared]) -> Result<Vec<Outcome>, sqlx::Error> {
        let mut writer = self.writers.take().await?;
        let connection = &mut writer.connection;
        let begun = Instant::now();
        let called = timeout(CALL_TIMEOUT, async {
            let known = *self.queue.epoch();
            let epoch = match known {
                Some(epoch) => epoch,
                None => super::epoch::current(connection, self.shard).await?,
            };
            let outcomes = call::append(connection, self.shard, epoch, commands).await;
            outcomes.map(|outcomes| (epoch, outcomes))
        });
        let called = match called.await {
            Ok(called) => called,
            // It still waits for an answer; nobody else must get it.
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        };
        self.metrics.called(begun.elapsed(), commands.len());
        match called {
            Ok((epoch, outcomes)) => {
                *self.queue.epoch() = Some(epoch);
                // Others may be waiting for their turn, also when this shard has more.
                self.writers.put(writer);
                self.wake.readers();
                Ok(outcomes)
            }
            Err(error) => {
                self.writers.forget();
                Err(error)
            }
        }
    }
}
