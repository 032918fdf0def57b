//! The connections that lanes write with.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::{PgConnection, PgPool};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use crate::metrics::Metrics;

/// So many calls are under way at the same time. While a shard waits its next commands gather: more at a time would make more and
/// smaller calls.
const AT_A_TIME: usize = 4;

/// A call that takes so long won't be answered: the server itself gives up sooner.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// A few connections that are the log's own. The one that was used last is used next: the server keeps the plans of a call by
/// connection, and giving one back to a pool asks the server each time whether it is still there.
pub(super) struct Writers {
    pool: PgPool,
    turns: Arc<Semaphore>,
    idle: Mutex<Vec<PgConnection>>,
    metrics: Metrics,
}

/// A connection, for as long as it is its holder's turn.
pub(super) struct Writer {
    pub(super) connection: PgConnection,
    _turn: OwnedSemaphorePermit,
}

impl Writers {
    pub(super) fn new(pool: PgPool, metrics: Metrics) -> Self {
        Self {
            pool,
            turns: Arc::new(Semaphore::new(AT_A_TIME)),
            idle: Mutex::default(),
            metrics,
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

    /// Waits for a call that carries so many commands, as long as it may take.
    pub(super) async fn timed<T>(
        &self,
        commands: usize,
        call: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let begun = Instant::now();
        let called = timeout(CALL_TIMEOUT, call).await;
        self.metrics.called(begun.elapsed(), commands);
        // It still waits for an answer; nobody else must get it.
        called.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
    }

    /// Takes one back after a call. If that failed all are forgotten that nobody holds: one was found broken, and what is broken for one
    /// is broken for those beside it.
    pub(super) fn put<T>(&self, writer: Writer, called: &Result<T, sqlx::Error>) {
        match called {
            Ok(_) => self.idle().push(writer.connection),
            Err(_) => self.idle().clear(),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<PgConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
