//! The one place that says on whose behalf a query runs.
//!
//! Invariant: nothing else in the project sets `app.current_tenant_id`; a test reads every source to keep it so. The
//! setting ends with its transaction, so a connection returns to the pool without an organization, and without one every
//! policy shows nothing.

use domain::ids::OrganizationId;
use sqlx::{PgPool, Postgres, Transaction};

/// A read-only transaction that sees one organization's rows and one moment: several queries agree with each other.
///
/// Begin and setting travel in one message, so it costs one round trip.
///
/// # Errors
/// No connection, or one that breaks.
pub async fn read(pool: &PgPool, organization: OrganizationId) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    pool.begin_with(beginning(organization)).await
}

/// As [`read`], for queries of which each takes its rows by one index and in its order.
///
/// Of a table that it knows nothing of, the server takes any index to be as good, sorts what that yields, and keeps such a plan when
/// the table has grown. Without a sort it is left with the right one.
///
/// # Errors
/// No connection, or one that breaks.
pub async fn read_by_index(
    pool: &PgPool,
    organization: OrganizationId,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let beginning = beginning(organization);
    pool.begin_with(format!(
        "{beginning}; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off"
    ))
    .await
}

fn beginning(organization: OrganizationId) -> String {
    // A parsed UUID prints hex digits and hyphens only: the single value that ever stands in SQL text.
    format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL app.current_tenant_id = '{}'",
        organization.0
    )
}

#[cfg(test)]
mod tests {
    use sqlx::{Executor, Row};
    use uuid::Uuid;

    use super::*;
    use crate::{MIGRATIONS, Migration, MigrationSet, testing::TestDatabase};

    const OURS: OrganizationId = OrganizationId(Uuid::from_u128(1));
    const THEIRS: OrganizationId = OrganizationId(Uuid::from_u128(2));

    const THINGS: Migration = Migration {
        name: "0001_things",
        sql: "CREATE TABLE things (tenant_id uuid NOT NULL, name text NOT NULL);
              SELECT isolate_by_organization('things');
              GRANT INSERT, SELECT ON things TO propertyos_stream",
    };
    const SETS: &[MigrationSet] = &[("store", MIGRATIONS), ("things", &[THINGS])];

    async fn with_things() -> TestDatabase {
        let database = TestDatabase::new(SETS).await;
        sqlx::query("INSERT INTO things VALUES ($1, 'ours'), ($2, 'theirs')")
            .bind(OURS.0)
            .bind(THEIRS.0)
            .execute(&database.pools().await.stream)
            .await
            .unwrap();
        database
    }

    async fn names<'c>(executor: impl Executor<'c, Database = Postgres>) -> Vec<String> {
        let rows = executor
            .fetch_all("SELECT name FROM things ORDER BY name")
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    #[tokio::test]
    async fn a_read_sees_its_organization_only() {
        let database = with_things().await;
        let app = database.pools().await.app;
        assert_eq!(names(&mut *read(&app, OURS).await.unwrap()).await, ["ours"]);
        assert_eq!(names(&mut *read(&app, THEIRS).await.unwrap()).await, ["theirs"]);
    }

    #[tokio::test]
    async fn without_an_organization_nothing_is_seen_also_on_a_connection_that_had_one() {
        let database = with_things().await;
        let app = database.pools().await.app;
        assert!(names(&app).await.is_empty());
        let mut connection = app.acquire().await.unwrap();
        drop(read(&app, OURS).await.unwrap());
        assert!(names(&mut *connection).await.is_empty());
        assert!(names(&app).await.is_empty());
    }

    #[tokio::test]
    async fn the_stream_role_sees_every_organization() {
        let database = with_things().await;
        assert_eq!(names(&database.pools().await.stream).await, ["ours", "theirs"]);
    }

    #[tokio::test]
    async fn the_owner_of_a_table_is_bound_by_its_policies() {
        let database = with_things().await;
        assert!(names(&mut database.owner().await).await.is_empty());
    }

    #[tokio::test]
    async fn a_read_writes_nothing() {
        let database = with_things().await;
        let mut tx = read(&database.pools().await.stream, OURS).await.unwrap();
        let refused = tx
            .execute("INSERT INTO things VALUES (gen_random_uuid(), 'new')")
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("read-only transaction"), "{refused}");
    }

    #[tokio::test]
    async fn all_queries_of_a_read_see_the_same_moment() {
        let database = with_things().await;
        let pools = database.pools().await;
        let mut tx = read(&pools.app, OURS).await.unwrap();
        assert_eq!(names(&mut *tx).await, ["ours"]);
        sqlx::query("INSERT INTO things VALUES ($1, 'later')")
            .bind(OURS.0)
            .execute(&pools.stream)
            .await
            .unwrap();
        assert_eq!(names(&mut *tx).await, ["ours"]);
    }
}
