//! The connection with which a worker writes its read model.

use std::time::Duration;

use sqlx::{Connection, PgPool, Postgres, Transaction};

use crate::connection::OwnConnection;

/// Where a worker's transactions come from: one at a time.
pub(super) struct Writer(OwnConnection);

impl Writer {
    /// `patience` is how long a transaction may stand still: others wait for what it holds.
    pub(super) fn new(stream: PgPool, patience: Duration) -> Self {
        let settings = format!(
            "SET idle_in_transaction_session_timeout = {}; SET lock_timeout = '10s'; SET statement_timeout = '120s';
             SET synchronous_commit = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off;
             SET enable_sort = off",
            patience.as_millis()
        );
        Self(OwnConnection::new(stream, settings))
    }

    /// A transaction in which facts are applied. Whoever doesn't commit it rolls it back, or forgets it: what it holds, it holds until
    /// then.
    ///
    /// What is looked up in it is looked up by key. The server keeps the plan of a statement, and one that joins with a whole table, or
    /// sorts what another index yields, was the best while that was small. Its end doesn't wait for the disk: what a crash of the server
    /// takes back, with the checkpoint, is applied anew (`docs/decisions/014-read-models-do-not-wait-for-the-disk.md`).
    pub(super) async fn begin(&mut self) -> Result<Transaction<'_, Postgres>, sqlx::Error> {
        self.0.get().await?.begin().await
    }

    /// Lets go of what is under way, after something failed.
    pub(super) fn forget(&mut self) {
        self.0.forget();
    }
}
