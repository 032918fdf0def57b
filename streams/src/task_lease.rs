//! A lease on a task that one process at a time does for all, such as letting time pass: by the same rows as the projectors'
//! leases, and by the database's clock.

use std::time::Duration;

use sqlx::{PgPool, postgres::types::PgInterval};
use uuid::Uuid;

/// A task, and a process that wants to do it.
#[derive(Debug, Clone)]
pub struct TaskLease {
    stream: PgPool,
    task: &'static str,
    holder: Uuid,
}

impl TaskLease {
    /// For a task of this name, which no projection has. `holder` names this process among all that ever did it.
    #[must_use]
    pub const fn new(stream: PgPool, task: &'static str, holder: Uuid) -> Self {
        Self { stream, task, holder }
    }

    /// Takes the task for so long, or keeps it. Says whether it is this process's to do: not while another has it.
    ///
    /// # Errors
    /// A server that can't be asked.
    pub async fn take(&self, lifetime: Duration) -> Result<bool, sqlx::Error> {
        let lifetime = PgInterval::try_from(lifetime).map_err(sqlx::Error::Encode)?;
        let taken = sqlx::query(
            "INSERT INTO leases AS l (projection, version, shard, holder, expires_at)
             VALUES ($1, 1, 0, $2, clock_timestamp() + $3)
             ON CONFLICT (projection, version, shard) DO UPDATE
                SET holder = excluded.holder, expires_at = excluded.expires_at
              WHERE l.holder = excluded.holder OR l.expires_at <= clock_timestamp()",
        )
        .bind(self.task)
        .bind(self.holder)
        .bind(lifetime)
        .execute(&self.stream)
        .await?;
        Ok(taken.rows_affected() == 1)
    }

    /// Leaves the task to others at once.
    ///
    /// # Errors
    /// A server that can't be asked.
    pub async fn release(&self) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE leases SET expires_at = '-infinity' WHERE projection = $1 AND holder = $2")
            .bind(self.task)
            .bind(self.holder)
            .execute(&self.stream)
            .await
            .map(drop)
    }
}
