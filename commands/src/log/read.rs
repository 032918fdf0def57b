//! Reading an organization's streams back.

use chrono::NaiveDate;
use domain::ids::{CommandId, OrganizationId};
use schemas::{Metadata, Recorded, Shard, shard_of};
use serde_json::value::RawValue;
use sqlx::{PgConnection, PgPool, Postgres, Row, Transaction, postgres::PgRow, types::Json};
use store::organization::read_by_index;
use uuid::Uuid;

use super::{ReadError, StreamId, trouble};

/// What an organization's streams hold at one moment: that of the first question.
pub(crate) struct Snapshot<'p> {
    pool: &'p PgPool,
    organization: OrganizationId,
    shard: Shard,
    transaction: Option<Transaction<'static, Postgres>>,
}

/// What a decision needs of a stored event.
pub(crate) struct StoredEvent {
    pub(crate) sequence: i64,
    pub(crate) event_type: String,
    pub(crate) event_version: u32,
    pub(crate) payload: String,
}

/// An event of a command that was carried out, without what it says.
pub(crate) struct Trace {
    pub(crate) epoch: i32,
    pub(crate) position: i64,
    pub(crate) aggregate_type: String,
    pub(crate) aggregate_id: Uuid,
    pub(crate) sequence: i64,
    pub(crate) event_type: String,
    pub(crate) event_id: Uuid,
    pub(crate) command_hash: Vec<u8>,
}

impl<'p> Snapshot<'p> {
    pub(crate) fn new(pool: &'p PgPool, organization: OrganizationId) -> Self {
        Self {
            pool,
            organization,
            shard: shard_of(organization),
            transaction: None,
        }
    }

    pub(crate) fn shard(&self) -> Shard {
        self.shard
    }

    pub(crate) async fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        let open = match self.transaction.take() {
            Some(open) => open,
            None => match read_by_index(self.pool, self.organization).await {
                // Broken since it was last used, as all are after a restart of the server.
                Err(error) if trouble::broke(&error) => read_by_index(self.pool, self.organization).await?,
                opened => opened?,
            },
        };
        Ok(self.transaction.insert(open))
    }

    /// Gives the connection back. What is asked afterwards is of another moment.
    pub(crate) fn release(&mut self) {
        self.transaction = None;
    }

    /// Whether the organization has any.
    pub(crate) async fn has_events(&mut self) -> Result<bool, ReadError> {
        let (organization, shard) = (self.organization, self.shard);
        // In the order of an index, so that it is used: the first row answers.
        let sql = format!(
            "SELECT true FROM events_{shard} WHERE shard = {shard} AND tenant_id = $1
              ORDER BY aggregate_type, aggregate_id, sequence LIMIT 1"
        );
        let found: Option<bool> = sqlx::query_scalar(&sql)
            .bind(organization.0)
            .fetch_optional(self.connection().await?)
            .await?;
        Ok(found.is_some())
    }

    /// What a stream holds behind a sequence, in order.
    pub(crate) async fn events_after(
        &mut self,
        stream: StreamId,
        sequence: i64,
    ) -> Result<Vec<StoredEvent>, ReadError> {
        let (organization, shard) = (self.organization, self.shard);
        let sql = format!(
            "SELECT sequence, event_type, event_version, payload::text FROM events_{shard}
              WHERE shard = {shard} AND tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = $3 AND sequence > $4
              ORDER BY sequence"
        );
        let rows = sqlx::query(&sql)
            .bind(organization.0)
            .bind(stream.aggregate_type)
            .bind(stream.aggregate_id)
            .bind(sequence)
            .fetch_all(self.connection().await?)
            .await?;
        let stored = |row: PgRow| {
            Ok(StoredEvent {
                sequence: row.try_get(0)?,
                event_type: row.try_get(1)?,
                event_version: version(&row, 2)?,
                payload: row.try_get(3)?,
            })
        };
        rows.into_iter().map(stored).collect()
    }

    /// The civil date on which a stream's first event counts.
    pub(crate) async fn first_effective_date(&mut self, stream: StreamId) -> Result<Option<NaiveDate>, ReadError> {
        let (organization, shard) = (self.organization, self.shard);
        let sql = format!(
            "SELECT metadata FROM events_{shard} WHERE shard = {shard} AND tenant_id = $1 AND aggregate_type = $2
                AND aggregate_id = $3 ORDER BY sequence LIMIT 1"
        );
        let metadata: Option<Json<Metadata>> = sqlx::query_scalar(&sql)
            .bind(organization.0)
            .bind(stream.aggregate_type)
            .bind(stream.aggregate_id)
            .fetch_optional(self.connection().await?)
            .await?;
        Ok(metadata.map(|metadata| metadata.0.effective_date))
    }

    /// What many streams of a type hold, each behind a sequence: by stream, in order.
    pub(crate) async fn events_after_all(
        &mut self,
        aggregate_type: &str,
        behind: &[(Uuid, i64)],
    ) -> Result<Vec<(Uuid, StoredEvent)>, ReadError> {
        let (organization, shard) = (self.organization, self.shard);
        let sql = format!(
            "SELECT e.aggregate_id, e.sequence, e.event_type, e.event_version, e.payload::text
               FROM unnest($3::uuid[], $4::bigint[]) AS k (id, known)
              CROSS JOIN LATERAL (
                SELECT * FROM events_{shard}
                 WHERE shard = {shard} AND tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = k.id
                   AND sequence > k.known ORDER BY sequence OFFSET 0) e
              ORDER BY e.aggregate_id, e.sequence"
        );
        let (ids, known): (Vec<Uuid>, Vec<i64>) = behind.iter().copied().unzip();
        let rows = sqlx::query(&sql)
            .bind(organization.0)
            .bind(aggregate_type)
            .bind(ids)
            .bind(known)
            .fetch_all(self.connection().await?)
            .await?;
        let stored = |row: PgRow| {
            let event = StoredEvent {
                sequence: row.try_get(1)?,
                event_type: row.try_get(2)?,
                event_version: version(&row, 3)?,
                payload: row.try_get(4)?,
            };
            Ok((row.try_get(0)?, event))
        };
        rows.into_iter().map(stored).collect()
    }

    /// What a command wrote, in order; nothing if it was never carried out.
    pub(crate) async fn traces_of(&mut self, command: CommandId) -> Result<Vec<Trace>, ReadError> {
        let (organization, shard) = (self.organization, self.shard);
        let sql = format!(
            "SELECT epoch, position, aggregate_type, aggregate_id, sequence, event_type, event_id, command_hash
               FROM events_{shard} WHERE shard = {shard} AND tenant_id = $1 AND command_id = $2 ORDER BY command_index"
        );
        let rows = sqlx::query(&sql)
            .bind(organization.0)
            .bind(command.0)
            .fetch_all(self.connection().await?)
            .await?;
        let trace = |row: PgRow| {
            Ok(Trace {
                epoch: row.try_get(0)?,
                position: row.try_get(1)?,
                aggregate_type: row.try_get(2)?,
                aggregate_id: row.try_get(3)?,
                sequence: row.try_get(4)?,
                event_type: row.try_get(5)?,
                event_id: row.try_get(6)?,
                command_hash: row.try_get(7)?,
            })
        };
        rows.into_iter().map(trace).collect()
    }

    /// The organization's streams of a type, by id, behind `after`.
    pub(crate) async fn streams_of_type(
        &mut self,
        aggregate_type: &str,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Uuid>, ReadError> {
        let (organization, shard) = (self.organization, self.shard);
        let sql = format!(
            "SELECT aggregate_id FROM events_{shard}
              WHERE shard = {shard} AND tenant_id = $1 AND aggregate_type = $2 AND aggregate_id > $3 AND sequence = 1
              ORDER BY aggregate_id LIMIT $4"
        );
        let ids = sqlx::query_scalar(&sql)
            .bind(organization.0)
            .bind(aggregate_type)
            .bind(after.unwrap_or_default())
            .bind(limit)
            .fetch_all(self.connection().await?)
            .await?;
        Ok(ids)
    }

    /// The organization's events of a type behind a position, as they are stored, in the order of the log.
    pub(crate) async fn events_of_type(
        &mut self,
        aggregate_type: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Recorded>, ReadError> {
        let (organization, shard) = (self.organization, self.shard);
        let sql = format!(
            "SELECT {RECORDED} FROM events_{shard}
              WHERE shard = {shard} AND tenant_id = $1 AND aggregate_type = $2 AND position > $3
              ORDER BY position LIMIT $4"
        );
        let rows = sqlx::query(&sql)
            .bind(organization.0)
            .bind(aggregate_type)
            .bind(after)
            .bind(limit)
            .fetch_all(self.connection().await?)
            .await?;
        rows.iter().map(|row| Ok(recorded(row)?)).collect()
    }

    /// A stream's events as they are stored, in order.
    pub(crate) async fn stream(&mut self, stream: StreamId) -> Result<Vec<Recorded>, ReadError> {
        let (organization, shard) = (self.organization, self.shard);
        let sql = format!(
            "SELECT {RECORDED} FROM events_{shard}
              WHERE shard = {shard} AND tenant_id = $1 AND aggregate_type = $2 AND aggregate_id = $3 ORDER BY sequence"
        );
        let rows = sqlx::query(&sql)
            .bind(organization.0)
            .bind(stream.aggregate_type)
            .bind(stream.aggregate_id)
            .fetch_all(self.connection().await?)
            .await?;
        rows.iter().map(|row| Ok(recorded(row)?)).collect()
    }
}

/// The columns that [`recorded`] reads.
const RECORDED: &str =
    "epoch, shard, position, tenant_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
    payload, metadata, event_id, command_id, command_index, recorded_at";

fn recorded(row: &PgRow) -> Result<Recorded, sqlx::Error> {
    let Json(payload): Json<Box<RawValue>> = row.try_get("payload")?;
    let Json(metadata): Json<Metadata> = row.try_get("metadata")?;
    let shard: i16 = row.try_get("shard")?;
    let tenant_id: Uuid = row.try_get("tenant_id")?;
    Ok(Recorded {
        epoch: row.try_get("epoch")?,
        shard: shard.try_into().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        position: row.try_get("position")?,
        tenant_id: tenant_id.into(),
        aggregate_type: row.try_get("aggregate_type")?,
        aggregate_id: row.try_get("aggregate_id")?,
        sequence: row.try_get("sequence")?,
        event_type: row.try_get("event_type")?,
        event_version: version(row, "event_version")?,
        payload,
        metadata,
        event_id: row.try_get("event_id")?,
        command_id: row.try_get("command_id")?,
        command_index: row.try_get("command_index")?,
        recorded_at: row.try_get("recorded_at")?,
    })
}

fn version<I: sqlx::ColumnIndex<PgRow>>(row: &PgRow, index: I) -> Result<u32, sqlx::Error> {
    let version: i32 = row.try_get(index)?;
    version.try_into().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
