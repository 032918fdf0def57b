//! Whether a read model is what the log says: made again from the first event, and compared row by row.
//!
//! Rows and checkpoints are always written together, so any snapshot shows a read model as it is at its checkpoints. The other one
//! is made up to the same places in a transaction that is rolled back. Nobody waits for either.

use std::{
    cmp::Ordering,
    time::{Duration, Instant},
};

use futures::{Stream, TryStreamExt};
use schemas::Cursor;
use sqlx::{Executor, PgConnection, PgPool, Postgres, Row, Transaction};
use uuid::Uuid;

use crate::{
    Projection, Reader, Version,
    dump::{Table, tables},
    log, read_models,
    rebuild::{Building, REBUILD_BATCH, RebuildError, alone},
};

/// How many differences are told in full.
const TOLD: usize = 10;

/// What a comparison found.
#[derive(Debug, Clone)]
pub struct Verified {
    /// How many events the read model holds.
    pub events: u64,
    /// The rows.
    pub comparison: Comparison,
    /// How long it took.
    pub took: Duration,
}

/// Rows of a read model held against those that the log makes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many rows were compared.
    pub rows: u64,
    /// How many rows stand on one side only; one that differs stands on both, each time otherwise.
    pub differing: u64,
    /// The first of these.
    pub first: Vec<Difference>,
}

/// A row that stands on one side only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of which table.
    pub table: String,
    /// On which side.
    pub side: Side,
    /// The row.
    pub row: String,
}

/// Where a row stands that has no equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// In the read model, and the log doesn't say so.
    ReadModel,
    /// In what the log says, and the read model lacks it.
    Log,
}

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Events are parked: it isn't complete, and doesn't say that it is.
    #[error("{0} sequences stand still: `propertyos parked retry` them first")]
    Incomplete(i64),
    /// It can't be made again.
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
}

impl From<sqlx::Error> for VerifyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Rebuild(error.into())
    }
}

/// Makes a read model again beside the one that answers queries, up to where that one stands, and compares them. `told` hears
/// after each batch how many events were applied so far.
///
/// # Errors
/// A read model that is incomplete; an event that can't be applied; a server or log that can't be read.
pub async fn verify(
    stream: &PgPool,
    reader: &Reader,
    projection: &dyn Projection,
    mut told: impl FnMut(u64),
) -> Result<Verified, VerifyError> {
    let start = Instant::now();
    let version = Version::of(projection);
    read_models::install(stream, projection)
        .await
        .map_err(RebuildError::from)?;
    let mut scratch = stream.begin().await?;
    alone(&mut scratch, version).await?;

    let mut live = stream
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL timezone = 'UTC'")
        .await?;
    let reached = reached(&mut live, version).await?;
    let known: Vec<(Cursor, Uuid)> = reached
        .iter()
        .filter_map(|(cursor, event)| Some((*cursor, (*event)?)))
        .collect();
    log::recognise(stream, &known).await.map_err(RebuildError::from)?;

    let cursors: Vec<Cursor> = reached.into_iter().map(|(cursor, _)| cursor).collect();
    let mut building = Building::begin(&mut scratch, reader, projection, REBUILD_BATCH).await?;
    building.up_to(&mut scratch, &cursors, &mut told).await?;
    let comparison = compare_tables(&mut live, &mut scratch, version).await?;
    let events = building.events;
    scratch.rollback().await?;
    live.rollback().await?;
    Ok(Verified {
        events,
        comparison,
        took: start.elapsed(),
    })
}

/// Where a read model stands that lacks nothing.
async fn reached(tx: &mut PgConnection, version: Version) -> Result<Vec<(Cursor, Option<Uuid>)>, VerifyError> {
    let rows = sqlx::query(
        "SELECT epoch, shard, position, event_id,
                (SELECT count(*) FROM parked p WHERE p.projection = c.projection AND p.version = c.version) AS parked
           FROM checkpoints c WHERE projection = $1 AND version = $2 ORDER BY shard",
    )
    .bind(version.projection)
    .bind(version.number_in_database())
    .fetch_all(tx)
    .await?;
    match rows.first().map_or(Ok(0), |row| row.try_get("parked"))? {
        0 => Ok(rows
            .iter()
            .map(|row| Ok((log::cursor(row)?, row.try_get("event_id")?)))
            .collect::<Result<_, sqlx::Error>>()?),
        parked => Err(VerifyError::Incomplete(parked)),
    }
}

async fn compare_tables(
    live: &mut Transaction<'static, Postgres>,
    scratch: &mut Transaction<'static, Postgres>,
    version: Version,
) -> Result<Comparison, sqlx::Error> {
    scratch.execute("SET LOCAL timezone = 'UTC'").await?;
    let mut comparison = Comparison::default();
    for Table { name, path, .. } in tables(&mut *live, version).await? {
        // Sorted as bytes, as they are compared here.
        let query = format!(r#"SELECT to_json(t)::text COLLATE "C" AS row FROM {path} t ORDER BY row"#);
        let (found, said) = (rows(&query, &mut *live), rows(&query, &mut *scratch));
        comparison.compare(&name, found, said).await?;
    }
    Ok(comparison)
}

fn rows<'q>(
    query: &'q str,
    connection: &'q mut PgConnection,
) -> impl Stream<Item = Result<String, sqlx::Error>> + Unpin {
    sqlx::query_scalar(query).fetch(connection)
}

impl Comparison {
    /// Whether there is no difference.
    #[must_use]
    pub const fn is_equal(&self) -> bool {
        self.differing == 0
    }

    /// Compares what a table of a read model holds with what the log says; both sorted by their bytes.
    ///
    /// # Errors
    /// What either of them fails with.
    pub async fn compare<E>(
        &mut self,
        table: &str,
        mut found: impl Stream<Item = Result<String, E>> + Unpin,
        mut said: impl Stream<Item = Result<String, E>> + Unpin,
    ) -> Result<(), E> {
        let (mut next_found, mut next_said) = (found.try_next().await?, said.try_next().await?);
        loop {
            let order = match (&next_found, &next_said) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(found), Some(said)) => found.cmp(said),
            };
            self.rows += 1;
            if order.is_le() {
                let row = std::mem::replace(&mut next_found, found.try_next().await?);
                self.differs(order.is_lt(), table, Side::ReadModel, row);
            }
            if order.is_ge() {
                let row = std::mem::replace(&mut next_said, said.try_next().await?);
                self.differs(order.is_gt(), table, Side::Log, row);
            }
        }
    }

    fn differs(&mut self, it_does: bool, table: &str, side: Side, row: Option<String>) {
        let Some(row) = row.filter(|_| it_does) else { return };
        self.differing += 1;
        if self.first.len() < TOLD {
            let table = table.to_owned();
            self.first.push(Difference { table, side, row });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::stream;

    use super::*;

    async fn compared(found: &[&str], said: &[&str]) -> Comparison {
        let rows = |rows: &[&str]| {
            let rows: Vec<Result<String, Infallible>> = rows.iter().map(|row| Ok((*row).to_owned())).collect();
            stream::iter(rows)
        };
        let mut comparison = Comparison::default();
        comparison.compare("books", rows(found), rows(said)).await.unwrap();
        comparison
    }

    fn sides(comparison: &Comparison) -> Vec<(Side, &str)> {
        let first = comparison.first.iter();
        first
            .map(|difference| (difference.side, difference.row.as_str()))
            .collect()
    }

    #[tokio::test]
    async fn equal_rows_are_equal() {
        assert!(compared(&[], &[]).await.is_equal());
        let equal = compared(&["a", "b", "b"], &["a", "b", "b"]).await;
        assert_eq!((equal.rows, equal.differing), (3, 0));
    }

    #[tokio::test]
    async fn a_row_of_one_side_only_is_found_wherever_it_stands() {
        let found = compared(&["a", "b", "b", "e"], &["b", "c", "e", "f"]).await;
        assert_eq!(found.differing, 4);
        assert_eq!(
            sides(&found),
            [
                (Side::ReadModel, "a"),
                (Side::ReadModel, "b"),
                (Side::Log, "c"),
                (Side::Log, "f")
            ]
        );
    }

    #[tokio::test]
    async fn many_differences_are_counted_and_some_told() {
        let many: Vec<String> = (10..40).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let found = compared(&many, &[]).await;
        assert_eq!((found.differing, found.first.len()), (30, TOLD));
    }
}
