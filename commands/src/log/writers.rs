//! The connections that lanes write with.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::{PgConnection, PgPool};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many shards are written at the same time. While a shard waits its next commands gather: more at a time would make more and
/// smaller calls.
const AT_A_TIME: usize = 4;

/// A few connections that are the log's own. The one that was used last is used next: the server keeps the plans of a call by
/// connection, and giving one back to a pool asks the server each time whether it is still there.
pub(super) struct Writers {
    pool: PgPool,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<PgConnection>>,
}

/// A connection, for as long as it is its holder's turn.
pub(super) struct Writer {
    pub(super) connection: PgConnection,
    _turn: OwnedSemaphorePermit,
}

impl Writers {
    pub(super) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
            idle: Mutex::default(),
        }
    }

    /// Waits for a turn.
    pub(super) async fn take(&self) -> Result<Writer, sqlx::Error> {
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.pool.acquire().await?.detach(),
        };
        Ok(Writer {
            connection,
            _turn: turn,
        })
    }

    /// Takes back one that is whole.
    pub(super) fn put(&self, writer: Writer) {
        self.idle().push(writer.connection);
    }

    /// Forgets all that nobody holds: one was found broken, and what is broken for one is broken for those beside it.
    pub(super) fn forget(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<PgConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
