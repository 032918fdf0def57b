//! The owner's connection, through which a bulk load is written.

use domain::ids::{OrganizationId, PersonId};
use schemas::{Shard, WAKE_CHANNEL, shard_of};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use super::rows::{COPY, Rows, TABLE, TRUNCATE};
use crate::log::epoch;

/// The temporary table of a batch stays in memory. Nothing waits for ever, and nobody for ever for this.
const SETTINGS: &str = "
    SET temp_buffers = '64MB';
    SET lock_timeout = '30s';
    SET statement_timeout = '60s';
    SET idle_in_transaction_session_timeout = '10s'";
/// So much goes to the server at a time.
const PIECE: usize = 1024 * 1024;

/// Events that are written together, all or none, and the keys of the persons whom they name first.
pub(super) struct Batch {
    pub rows: Rows,
    pub events: i64,
    pub persons: Vec<Uuid>,
    pub keys: Vec<Vec<u8>>,
}

impl Batch {
    pub fn new() -> Self {
        Self {
            rows: Rows::new(),
            events: 0,
            persons: Vec::new(),
            keys: Vec::new(),
        }
    }

    pub fn add_keys(&mut self, keys: impl IntoIterator<Item = (PersonId, Vec<u8>)>) {
        for (person, key) in keys {
            self.persons.push(person.0);
            self.keys.push(key);
        }
    }
}

/// Writes an organization's events, and nobody else does meanwhile.
pub(super) struct Writer {
    owner: PgConnection,
    organization: OrganizationId,
    epoch: i32,
    /// The organization's last position, 0 at first.
    last: i64,
}

impl Writer {
    pub async fn open(mut owner: PgConnection, organization: OrganizationId) -> Result<Self, sqlx::Error> {
        let shard: Shard = shard_of(organization);
        owner.execute(SETTINGS).await?;
        owner.execute(TABLE).await?;
        Ok(Self {
            epoch: epoch::current(&mut owner, shard).await?,
            owner,
            organization,
            last: 0,
        })
    }

    /// Writes a batch, and wakes the readers. After an error the connection is gone, and the batch is written or not.
    pub async fn write(mut self, batch: Batch) -> Result<Self, sqlx::Error> {
        self.send(batch.rows).await?;
        // All is there by now, and the statement commits itself: the shard is never locked while the server waits for this
        // process, which may be slow, stopped or gone.
        self.last = sqlx::query_scalar("SELECT bulk_append($1, $2, $3, $4, $5)")
            .bind(self.epoch)
            .bind(self.organization.0)
            .bind(self.last)
            .bind(batch.persons)
            .bind(batch.keys)
            .fetch_one(&mut self.owner)
            .await?;
        sqlx::query("SELECT pg_notify($1, '')")
            .bind(WAKE_CHANNEL)
            .execute(&mut self.owner)
            .await?;
        Ok(self)
    }

    /// Puts rows, and no others, into the temporary table.
    async fn send(&mut self, rows: Rows) -> Result<(), sqlx::Error> {
        self.owner.execute(TRUNCATE).await?;
        let mut copy = self.owner.copy_in_raw(COPY).await?;
        for piece in rows.finish().chunks(PIECE) {
            copy.send(piece).await?;
        }
        copy.finish().await.map(drop)
    }

    pub async fn close(self) -> Result<(), sqlx::Error> {
        self.owner.close().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{OURS, database};

    #[tokio::test]
    async fn no_call_waits_or_is_waited_for_without_an_end() {
        let database = database().await;
        let mut writer = Writer::open(database.owner().await, OURS).await.unwrap();
        for setting in [
            "lock_timeout",
            "statement_timeout",
            "idle_in_transaction_session_timeout",
        ] {
            let limit: String = sqlx::query_scalar("SELECT current_setting($1)")
                .bind(setting)
                .fetch_one(&mut writer.owner)
                .await
                .unwrap();
            assert_ne!(limit, "0", "{setting}");
        }
    }
}
