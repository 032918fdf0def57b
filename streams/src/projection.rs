//! What a read model in PostgreSQL is: its tables, and how facts become rows.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use sqlx::PgConnection;

use crate::{Fact, failure};

/// A read model in PostgreSQL.
///
/// What it writes depends on nothing but the facts: no clock, no random numbers, no look-ups outside its own tables. Its rows
/// never depend on where a batch ended.
#[async_trait]
pub trait Projection: Send + Sync {
    /// Its stable name, a lower-case identifier: `ledger`.
    fn name(&self) -> &'static str;

    /// Rises whenever the tables or their meaning change; then the read model is built anew beside the one in use.
    fn version(&self) -> u32;

    /// What must be applied in order: an event that can't be applied holds back what follows it in the same sequence.
    fn sequence(&self) -> Sequence {
        Sequence::Organization
    }

    /// How long events gather behind a batch that wasn't full, while the read model lies so far behind. A transaction takes about as
    /// long for one event as for twenty, and the processors are the commands' too.
    fn rest(&self) -> Duration {
        Duration::from_millis(20)
    }

    /// The statements (`CREATE TABLE`, `CREATE INDEX`, ...) that make its tables. They run when the schema
    /// `<name>_v<version>` has been made, with it as the search path; names may be qualified with it too. Types, functions
    /// and extensions of other schemas aren't seen, except PostgreSQL's own.
    ///
    /// Every table with a column `tenant_id uuid` gets the policy of its organization and can be read by the API's role; one
    /// without can be read by the projection alone.
    fn tables(&self) -> &'static str;

    /// Writes what these facts change. They belong to one or several shards; those of a shard are in the order of the log.
    /// It runs in a transaction that the caller opened and will end, and that also moves the checkpoint; it may run again with
    /// the same facts when that transaction was rolled back.
    ///
    /// # Errors
    /// [`ApplyError::Data`] when a fact can't be applied: it is parked with what follows in its sequence. Everything else
    /// stops the projection until the server answers again. `?` on a [`sqlx::Error`] finds out which of the two it is.
    async fn apply(&self, connection: &mut PgConnection, facts: &[Arc<Fact>]) -> Result<(), ApplyError>;
}

/// What must be applied in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sequence {
    /// All events of the organization. The safe choice.
    Organization,
    /// The events of each aggregate: right only if every row depends on one aggregate, or is a sum whose order doesn't matter.
    Aggregate,
}

/// Why facts could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The facts themselves can't be applied, now or when tried again by the same code.
    #[error("{0}")]
    Data(String),
    /// The connection, the server or the schema failed; the facts may be fine.
    #[error(transparent)]
    Server(sqlx::Error),
}

impl ApplyError {
    /// A fact that the read model has no answer to.
    pub fn data(reason: impl std::fmt::Display) -> Self {
        Self::Data(reason.to_string())
    }
}

impl From<sqlx::Error> for ApplyError {
    fn from(error: sqlx::Error) -> Self {
        if failure::is_of_data(&error) {
            Self::Data(error.to_string())
        } else {
            Self::Server(error)
        }
    }
}
