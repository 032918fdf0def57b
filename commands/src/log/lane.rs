//! The writer of one shard: takes whatever waits and appends it in one call.
//!
//! While a call is under way the next commands gather, so the busier a shard is, the more a call carries.

use std::{collections::VecDeque, io, sync::Arc, time::Duration};

use schemas::Shard;
use sqlx::PgConnection;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

use super::{
    AppendError,
    batch::{self, Waiting},
    call::{self, Care, Outcome},
    trouble,
    types::Prepared,
    wake::Wake,
    writers::Writers,
};
use crate::metrics::Metrics;

/// A call that takes so long won't be answered: the server itself gives up sooner.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Lane {
    shard: Shard,
    writers: Arc<Writers>,
    wake: Wake,
    metrics: Metrics,
    /// The epoch that this lane writes in, once known.
    epoch: Option<i32>,
}

impl Lane {
    pub(super) fn new(shard: Shard, writers: Arc<Writers>, wake: Wake, metrics: Metrics) -> Self {
        Self {
            shard,
            writers,
            wake,
            metrics,
            epoch: None,
        }
    }

    /// Appends what comes in until nobody can send any more.
    pub(super) async fn run(mut self, mut incoming: mpsc::Receiver<Waiting>) {
        let mut waiting = VecDeque::new();
        loop {
            if waiting.is_empty() {
                match incoming.recv().await {
                    Some(first) => waiting.push_back(first),
                    None => return,
                }
            }
            while let Ok(next) = incoming.try_recv() {
                waiting.push_back(next);
            }
            self.append(batch::take(&mut waiting)).await;
        }
    }

    async fn append(&mut self, batch: Vec<Waiting>) {
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

    async fn call(&mut self, commands: &[&Prepared]) -> Result<Vec<Outcome>, AppendError> {
        let mut result = self.try_call(commands).await;
        if result.as_ref().is_err_and(trouble::broke) {
            // The commands may have been written or not. Asked again the log tells, since it knows their ids.
            result = self.try_call(commands).await;
        }
        result.map_err(|error| {
            let error = trouble::append_error(error);
            if matches!(error, AppendError::NewEpoch) {
                self.epoch = None;
            }
            error
        })
    }

    async fn try_call(&mut self, commands: &[&Prepared]) -> Result<Vec<Outcome>, sqlx::Error> {
        let mut writer = self.writers.take().await?;
        let connection = &mut writer.connection;
        let begun = Instant::now();
        let called = timeout(CALL_TIMEOUT, async {
            let epoch = match self.epoch {
                Some(epoch) => epoch,
                None => super::epoch::current(connection, self.shard).await?,
            };
            let outcomes = outcomes(connection, self.shard, epoch, commands).await;
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
                self.epoch = Some(epoch);
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

/// What becomes of a batch. Nearly always it is to be trusted; otherwise it is looked at with care, which takes longer.
async fn outcomes(
    connection: &mut PgConnection,
    shard: Shard,
    epoch: i32,
    commands: &[&Prepared],
) -> Result<Vec<Outcome>, sqlx::Error> {
    let trusted = match commands {
        [alone] if alone.command.person_keys.is_empty() => {
            let appended = call::append_one(connection, shard, epoch, alone).await;
            appended.map(|appended| appended.map(|appended| vec![Ok(appended)]))
        }
        _ => call::append(connection, shard, epoch, commands, Care::Trusting)
            .await
            .map(Some),
    };
    match trusted {
        Ok(Some(outcomes)) => return Ok(outcomes),
        Ok(None) => {}
        Err(error) if trouble::is_violation(&error) => {}
        Err(error) => return Err(error),
    }
    call::append(connection, shard, epoch, commands, Care::Careful).await
}
