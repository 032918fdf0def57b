//! A read model as text: equal texts, equal read models.

use futures::TryStreamExt;
use sqlx::{FromRow, PgConnection, PgPool, Row};

use crate::Version;

/// Every column of every row of every table of a read model, at one moment: tables by name, rows by key. Checkpoints and what is
/// parked aren't part of it.
///
/// # Errors
/// A read model that isn't there; a server that can't be asked.
pub async fn dump(stream: &PgPool, version: Version) -> Result<String, sqlx::Error> {
    let mut tx = stream
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL timezone = 'UTC'")
        .await?;
    let mut text = String::new();
    for Table { name, path, key } in tables(&mut tx, version).await? {
        text.extend(["# ", &name, "\n"]);
        let query = format!("SELECT to_json(t)::text FROM {path} t ORDER BY {key}");
        let mut rows = sqlx::query(&query).fetch(&mut *tx);
        while let Some(row) = rows.try_next().await? {
            text.extend([row.try_get(0)?, "\n"]);
        }
    }
    Ok(text)
}

#[derive(FromRow)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// With its schema.
    pub(crate) path: String,
    /// Its primary key, or else the whole row.
    key: String,
}

/// Its tables by name.
pub(crate) async fn tables(connection: &mut PgConnection, version: Version) -> Result<Vec<Table>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.relname::text AS name, c.oid::regclass::text AS path, coalesce(
                  (SELECT string_agg(format('t.%I', a.attname), ', ' ORDER BY array_position(i.indkey::int2[], a.attnum))
                     FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
                    WHERE i.indrelid = c.oid AND i.indisprimary),
                  't::text') AS key
           FROM pg_class c
          WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
          ORDER BY c.relname",
    )
    .bind(version.schema())
    .fetch_all(connection)
    .await
}
