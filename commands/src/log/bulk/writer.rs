//! The owner's connection, through which a bulk load is written.

use domain::ids::{OrganizationId, PersonId};
use schemas::{Shard, WAKE_CHANNEL, shard_of};
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use super::rows::{COPY, Rows, TABLE};
use crate::log::epoch;

/// The temporary table of a batch stays in memory.
const SETTINGS: &str = "SET temp_buffers = '64MB'";
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

    /// Writes a batch in a transaction of its own, and wakes the readers. After an error the connection is gone, and with it
    /// whatever of the batch was not committed.
    pub async fn write(mut self, batch: Batch) -> Result<Self, sqlx::Error> {
        let mut transaction = self.owner.begin().await?;
        let mut copy = transaction.copy_in_raw(COPY).await?;
        for piece in batch.rows.finish().chunks(PIECE) {
            copy.send(piece).await?;
        }
        copy.finish().await?;
        let last = sqlx::query_scalar("SELECT bulk_append($1, $2, $3, $4, $5)")
            .bind(self.epoch)
            .bind(self.organization.0)
            .bind(self.last)
            .bind(batch.persons)
            .bind(batch.keys)
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
        self.last = last;
        sqlx::query("SELECT pg_notify($1, '')")
            .bind(WAKE_CHANNEL)
            .execute(&mut self.owner)
            .await?;
        Ok(self)
    }

    pub async fn close(self) -> Result<(), sqlx::Error> {
        self.owner.close().await
    }
}
