//! What several lanes have at the same time is written in one call.
//!
//! What a call takes before its first command is many times what a command takes, so many small calls, one for each shard, would have the
//! server do little else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use schemas::Shard;
use tokio::{
    select,
    sync::{Semaphore, SemaphorePermit, oneshot},
};

use super::{
    AppendError, Appended,
    batch::{self, Waiting},
    call::{self, Known, Part, Patience},
    trouble,
    types::Prepared,
    writers::Writers,
};

/// So many calls are under way at the same time. While all are, the commands of all lanes gather.
const AT_A_TIME: usize = 2;

/// A call takes no further lane's commands when it has so many.
const MANY_COMMANDS: usize = 256;
/// Nor those with which its payloads would take so many bytes. Twice as much may hold an event that is too large, and is looked at with care.
pub(super) const MANY_BYTES: usize = 256 * 1024;

/// Whoever of the lanes has its turn writes for all that wait.
pub(super) struct Together {
    writers: Arc<Writers>,
    turns: Semaphore,
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
    pub(super) fn new(writers: Writers) -> Self {
        Self {
            writers: Arc::new(writers),
            turns: Semaphore::new(AT_A_TIME),
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
        select! {
            biased;
            Ok(answer) = &mut answered => return answer,
            Ok(turn) = self.turns.acquire() => {
                let shares = take(&mut self.waiting());
                if !shares.is_empty() {
                    self.write(shares, turn).await;
                }
            }
        }
        answered.await.unwrap_or_else(|_| (Vec::new(), Ok(None)))
    }

    async fn write(&self, shares: Vec<Share>, turn: SemaphorePermit<'_>) {
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
