//! The writer of one shard: takes whatever waits and appends it in one call, together with what waits of other shards.
//!
//! While a call is under way the next commands gather, so the busier the log is, the more a call carries.

use std::{collections::VecDeque, sync::Arc};

use schemas::Shard;
use sqlx::PgConnection;
use tokio::sync::mpsc;

use super::{
    AppendError, Appended,
    batch::{self, Waiting},
    call::{self, Known, Outcome, Part, Patience},
    together::{MANY_BYTES, Together},
    trouble,
    types::Prepared,
    wake::Wake,
    writers::Writers,
};
use crate::metrics::Metrics;

pub(super) struct Lane {
    shard: Shard,
    together: Arc<Together>,
    writers: Arc<Writers>,
    wake: Wake,
    metrics: Metrics,
    /// Nothing before the first call, and after a new epoch.
    known: Option<Known>,
}

impl Lane {
    pub(super) fn new(shard: Shard, together: Arc<Together>, wake: Wake, metrics: Metrics) -> Self {
        Self {
            shard,
            writers: together.writers().clone(),
            together,
            wake,
            metrics,
            known: None,
        }
    }

    /// Appends what comes in until nobody can send any more.
    pub(super) async fn run(mut self, mut incoming: mpsc::Receiver<Waiting>) {
        let mut waiting = VecDeque::new();
        let mut done = Vec::new();
        loop {
            while let Ok(next) = incoming.try_recv() {
                waiting.push_back(next);
            }
            if waiting.is_empty() {
                answer(&self.metrics, std::mem::take(&mut done));
                match incoming.recv().await {
                    Some(first) => waiting.push_back(first),
                    None => return,
                }
            } else {
                // The next call goes to the server first, so that it needn't wait while answers are given.
                let (metrics, answering) = (self.metrics.clone(), std::mem::take(&mut done));
                let appending = self.append(batch::take(&mut waiting));
                (done, ()) = futures::future::join(appending, async move { answer(&metrics, answering) }).await;
            }
        }
    }

    /// What becomes of a batch.
    async fn append(&mut self, batch: Vec<Waiting>) -> Vec<Done> {
        let Some(known) = self.known else {
            return self.append_alone(batch, Care::Trusting).await;
        };
        if batch::bytes(&batch) > MANY_BYTES {
            return self.append_alone(batch, Care::Careful).await;
        }
        let (batch, written) = self.together.append(self.shard, known, batch).await;
        let written = match written {
            Ok(Some(written)) => written,
            Ok(None) => return self.append_alone(batch, Care::Trusting).await,
            Err(error) => return self.failed(batch, &error),
        };
        self.wake.readers();
        let (mut done, mut stale) = (Vec::with_capacity(batch.len()), Vec::new());
        for (waiting, appended) in batch.into_iter().zip(written) {
            match appended {
                Some(appended) => done.push((waiting, Ok(appended))),
                None => stale.push(waiting),
            }
        }
        self.see(&done);
        if !stale.is_empty() {
            done.extend(self.append_alone(stale, Care::Careful).await);
        }
        done
    }

    /// Appends what could not be appended together with what other shards have.
    async fn append_alone(&mut self, batch: Vec<Waiting>, care: Care) -> Vec<Done> {
        let commands: Vec<&Prepared> = batch.iter().map(|waiting| &waiting.prepared).collect();
        let done = match self.call(&commands, care).await {
            Ok(outcomes) => batch.into_iter().zip(outcomes).collect(),
            // One of them is at fault, and the others aren't to suffer for it.
            Err(error)
                if batch.len() > 1 && !matches!(error, AppendError::Unavailable { .. } | AppendError::NewEpoch) =>
            {
                let mut done = Vec::with_capacity(batch.len());
                for waiting in batch {
                    let outcome = self.call(&[&waiting.prepared], Care::Careful).await;
                    let outcome = outcome.and_then(|mut outcomes| outcomes.swap_remove(0));
                    done.push((waiting, outcome));
                }
                done
            }
            Err(error) => self.failed(batch, &error),
        };
        self.see(&done);
        done
    }

    fn failed(&self, batch: Vec<Waiting>, error: &AppendError) -> Vec<Done> {
        tracing::warn!(shard = %self.shard, commands = batch.len(), error = error as &dyn std::error::Error, "append failed");
        let failed = batch.into_iter().map(|waiting| (waiting, Err(error.clone())));
        failed.collect()
    }

    /// Remembers how far the log was written.
    fn see(&mut self, done: &[Done]) {
        if let Some(known) = &mut self.known {
            let written = done.iter().filter_map(|(_, outcome)| outcome.as_ref().ok());
            let of_epoch = written.filter(|appended| appended.epoch == known.epoch);
            known.seen = of_epoch
                .map(|appended| appended.last_position)
                .fold(known.seen, i64::max);
        }
    }

    async fn call(&mut self, commands: &[&Prepared], care: Care) -> Result<Vec<Outcome>, AppendError> {
        let mut result = self.try_call(commands, care).await;
        if result.as_ref().is_err_and(trouble::broke) {
            // The commands may have been written or not. Asked again the log tells, since it knows their ids.
            result = self.try_call(commands, care).await;
        }
        result.map_err(|error| {
            let error = trouble::append_error(error);
            if matches!(error, AppendError::NewEpoch) {
                self.known = None;
            }
            error
        })
    }

    async fn try_call(&mut self, commands: &[&Prepared], care: Care) -> Result<Vec<Outcome>, sqlx::Error> {
        let mut writer = self.writers.take().await?;
        let (shard, known, connection) = (self.shard, self.known, &mut writer.connection);
        let call = async {
            let known = match known {
                Some(known) => known,
                None => Known {
                    epoch: super::epoch::current(connection, shard).await?,
                    seen: 0,
                },
            };
            let part = Part { shard, known, commands };
            let outcomes = outcomes(connection, part, care).await;
            outcomes.map(|outcomes| (known, outcomes))
        };
        let called = self.writers.timed(commands.len(), call).await;
        self.writers.put(writer, &called);
        let (known, outcomes) = called?;
        self.known = Some(known);
        self.wake.readers();
        Ok(outcomes)
    }
}

/// A command, and what became of it.
type Done = (Waiting, Outcome);

fn answer(metrics: &Metrics, done: Vec<Done>) {
    for (waiting, outcome) in done {
        metrics.appended(&outcome);
        // Whoever asked may have gone; what is written stays.
        let _gone = waiting.answer.send(outcome);
    }
}

/// Whether a call looks up what an index finds out by itself: that a command's id is new, and what it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Care {
    /// It doesn't; what it can't tell is looked at with care.
    Trusting,
    Careful,
}

/// What becomes of a batch.
async fn outcomes(connection: &mut PgConnection, part: Part<'_, '_>, care: Care) -> Result<Vec<Outcome>, sqlx::Error> {
    if care == Care::Careful {
        return call::append(connection, part).await;
    }
    let written = match call::append_batch(connection, &[part], Patience::Waits).await {
        Ok(Some(written)) => written.into_iter().flatten().collect(),
        Ok(None) => vec![None; part.commands.len()],
        Err(error) if trouble::is_violation(&error) => vec![None; part.commands.len()],
        Err(error) => return Err(error),
    };
    let commands = part.commands.iter().zip(&written);
    let left: Vec<&Prepared> = commands
        .filter(|(_, written)| written.is_none())
        .map(|(prepared, _)| *prepared)
        .collect();
    let mut looked_at = Vec::new();
    if !left.is_empty() {
        looked_at = call::append(
            connection,
            Part {
                commands: &left,
                ..part
            },
        )
        .await?;
    }
    let mut looked_at = looked_at.into_iter();
    let outcome = |written: Option<Appended>| written.map(Ok).or_else(|| looked_at.next());
    Ok(written.into_iter().filter_map(outcome).collect())
}
