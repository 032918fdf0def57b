//! Rows that events change one after the other, written once per batch.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sqlx::{PgConnection, types::Json};
use streams::ApplyError;
use uuid::Uuid;

/// A row of a table whose key is `(tenant_id, id)`; its fields are the other columns. Before its first event it has none.
pub(super) trait Row: Serialize + DeserializeOwned + Default + Send + Sync + Unpin + 'static {
    /// The table, with its schema.
    const TABLE: &'static str;
}

/// Organization and id.
pub(super) type Key = (Uuid, Uuid);

type Change<'a, R> = Box<dyn FnOnce(&mut R) + Send + 'a>;

/// What a batch of events changes in a table.
pub(super) struct Sheet<'a, R> {
    changes: Vec<(Key, Change<'a, R>)>,
}

impl<R> Default for Sheet<'_, R> {
    fn default() -> Self {
        Self { changes: Vec::new() }
    }
}

#[derive(Serialize, Deserialize)]
struct Keyed<R> {
    tenant_id: Uuid,
    id: Uuid,
    #[serde(flatten)]
    row: R,
}

impl<'a, R: Row> Sheet<'a, R> {
    /// Remembers what an event does to a row.
    pub fn change(&mut self, key: Key, change: impl FnOnce(&mut R) + Send + 'a) {
        self.changes.push((key, Box::new(change)));
    }

    /// Reads the rows, changes them in order, and writes them back. Those that the batch begins aren't there yet.
    pub async fn write(self, connection: &mut PgConnection, begun: &HashSet<Key>) -> Result<(), ApplyError> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let there = self
            .changes
            .iter()
            .map(|(key, _)| *key)
            .filter(|key| !begun.contains(key));
        let taken = Self::take(connection, there.unzip()).await?;
        let mut rows: HashMap<Key, R> = taken
            .into_iter()
            .map(|Json(taken)| ((taken.tenant_id, taken.id), taken.row))
            .collect();
        for (key, change) in self.changes {
            change(rows.entry(key).or_default());
        }
        let rows: Vec<_> = rows
            .into_iter()
            .map(|((tenant_id, id), row)| Keyed { tenant_id, id, row })
            .collect();
        sqlx::query(&format!(
            "INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1)",
            table = R::TABLE
        ))
        .bind(Json(rows))
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Takes rows out, so that one statement puts them and others back, whatever the columns of the table.
    async fn take(
        connection: &mut PgConnection,
        (tenants, ids): (Vec<Uuid>, Vec<Uuid>),
    ) -> Result<Vec<Json<Keyed<R>>>, sqlx::Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        sqlx::query_scalar(&format!(
            "DELETE FROM {} t USING (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[])) AS k (tenant_id, id)
              WHERE t.tenant_id = k.tenant_id AND t.id = k.id RETURNING to_jsonb(t)",
            R::TABLE
        ))
        .bind(tenants)
        .bind(ids)
        .fetch_all(connection)
        .await
    }
}
