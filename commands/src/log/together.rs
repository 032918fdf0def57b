//! What several lanes have at the same time is written in one call.
//!
//! What a call takes before its first command is many times what a command takes, so many small calls, one for each shard, would have the
//! server do little else. What each further shard takes is as much as one or two commands, so not all lanes go together, but those of a
//! group, and each group has one call under way: while it is, what is given in the meantime gathers, whichever shard it is for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemas::Shard;
use tokio::{
    select,
    sync::{self, oneshot},
};

use super::{
    AppendError, Appended,
    batch::{self, Waiting},
    call::{self, Known, Part, Patience},
    trouble,
    types::Prepared,
    writers::Writers,
};

/// A call takes no further lane's commands when it has so many.
const MANY_COMMANDS: usize = 256;
/// Nor those with which its payloads would take so many bytes. Twice as much may hold an event that is too large, and is looked at with care.
pub(super) const MANY_BYTES: usize = 256 * 1024;

/// A group of lanes: whoever has its turn writes for all that wait.
pub(super) struct Together {
    writers: Arc<Writers>,
    turn: sync::Mutex<()>,
    waiting: Mutex<Vec<Share>>,
}

/// What a lane has.
struct Share {
    shard: Shard,
    known: Known,
    batch: Vec<Waiting>,
    answer: oneshot::Sender<Answer>,
}

/// By command where it was written, or `None` for one that rests on a stream that has moved on; or nothing was written, and whether it can
/// be is to be found out by a call of the lane's own.
type Written = Result<Option<Vec<Option<Appended>>>, AppendError>;

/// A lane gets back what it had, with what came of it.
type Answer = (Vec<Waiting>, Written);

impl Together {
    pub(super) fn new(writers: Arc<Writers>) -> Self {
        Self {
            writers,
            turn: sync::Mutex::default(),
            waiting: Mutex::default(),
        }
    }

    pub(super) const fn writers(&self) -> &Arc<Writers> {
        &self.writers
    }

    /// Appends a batch of one shard, with whatever other lanes have by then.
    pub(super) async fn append(&self, shard: Shard, known: Known, batch: Vec<Waiting>) -> Answer {
        let (answer, mut answered) = oneshot::channel();
        self.waiting().push(Share {
            shard,
            known,
            batch,
            answer,
        });
        loop {
            let (shares, turn) = select! {
                biased;
                answer = &mut answered => return answer.unwrap_or_else(|_| gone()),
                turn = self.turn.lock() => (take(&mut self.waiting()), turn),
            };
            if shares.is_empty() {
                // Others have taken it.
                drop(turn);
                return answered.await.unwrap_or_else(|_| gone());
            }
            // If others were before it and filled the call, it has another turn.
            self.write(shares, turn).await;
        }
    }

    async fn write(&self, shares: Vec<Share>, turn: sync::MutexGuard<'_, ()>) {
        let commands: Vec<Vec<&Prepared>> = shares
            .iter()
            .map(|share| share.batch.iter().map(|waiting| &waiting.prepared).collect())
            .collect();
        let parts: Vec<Part<'_, '_>> = shares
            .iter()
            .zip(&commands)
            .map(|(share, commands)| Part {
                shard: share.shard,
                known: share.known,
                commands,
            })
            .collect();
        let called = self.call(&parts).await;
        // Others needn't wait while answers are given.
        drop(turn);
        let mut written = match called {
            Ok(Some(written)) => Ok(Some(written.into_iter())),
            Ok(None) => Ok(None),
            // Whether it was written or not, or which command is at fault, a lane finds out.
            Err(error) if trouble::broke(&error) || trouble::is_violation(&error) => Ok(None),
            Err(error) => Err(trouble::append_error(error)),
        };
        for share in shares {
            let written = match &mut written {
                Ok(parts) => Ok(parts.as_mut().and_then(Iterator::next)),
                Err(error) => Err(error.clone()),
            };
            // A lane waits for its answer as long as it is there.
            let _gone = share.answer.send((share.batch, written));
        }
    }

    async fn call(&self, parts: &[Part<'_, '_>]) -> Result<Option<call::Written>, sqlx::Error> {
        let mut writer = self.writers.take().await?;
        let connection = &mut writer.connection;
        let commands = parts.iter().map(|part| part.commands.len()).sum();
        let called = self
            .writers
            .timed(commands, async {
                match parts {
                    [part]
                        if let [alone] = part.commands
                            && alone.command.person_keys.is_empty() =>
                    {
                        let appended = call::append_one(connection, *part, alone).await?;
                        // Whatever is unusual about a command alone, to look at it with care tells.
                        Ok(Some(vec![vec![appended]]))
                    }
                    _ => call::append_batch(connection, parts, Patience::None).await,
                }
            })
            .await;
        self.writers.put(writer, &called);
        called
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Share>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever had the batch is gone with it, as when the process ends.
const fn gone() -> Answer {
    (Vec::new(), Ok(None))
}

/// Takes those that have waited longest, as long as they are not too many for a call.
fn take(waiting: &mut Vec<Share>) -> Vec<Share> {
    let (mut commands, mut bytes) = (0, 0);
    let some = waiting.iter().take_while(|share| {
        let first = commands == 0;
        bytes += batch::bytes(&share.batch);
        let fits = commands < MANY_COMMANDS && bytes <= MANY_BYTES;
        commands += share.batch.len();
        first || fits
    });
    let some = some.count();
    waiting.drain(..some).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::ids::CommandId;
    use tokio::time::timeout;
    use uuid::Uuid;

    use super::*;
    use crate::{
        metrics::Metrics,
        testing::{command, database},
    };

    const KNOWN: Known = Known { epoch: 1, seen: 0 };

    /// A batch of one command, which there is nothing of to write.
    fn batch(bytes: usize) -> Vec<Waiting> {
        let prepared = Prepared {
            command: command(CommandId(Uuid::from_u128(2))),
            metadata: "{}".into(),
            streams: Vec::new(),
            bytes,
        };
        vec![Waiting {
            prepared,
            answer: oneshot::channel().0,
        }]
    }

    #[tokio::test]
    async fn a_batch_that_found_the_call_full_is_written_though_nobody_else_comes() {
        let database = database().await;
        let app = database.pools().await.app;
        let together = Together::new(Arc::new(Writers::new(app, Metrics::default())));
        let mut shards = Shard::all();
        let mut shard = || shards.next().unwrap();
        let (answer, answered) = oneshot::channel();
        together.waiting().push(Share {
            shard: shard(),
            known: KNOWN,
            batch: batch(MANY_BYTES),
            answer,
        });
        let own = together.append(shard(), KNOWN, batch(1));
        let (_, own) = timeout(Duration::from_secs(30), own)
            .await
            .expect("it is not forgotten");
        assert_eq!(own.unwrap(), Some(vec![None]), "there is nothing to write");
        let (_, others) = answered.await.unwrap();
        assert_eq!(others.unwrap(), Some(vec![None]));
    }
}
