//! Brings the schema to the version that this build knows, and refuses to work on any other.
//!
//! Every crate lists its own migrations. They are applied once, in order, each in a transaction of its own, and never
//! change afterwards: what was applied is kept with its checksum.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use sqlx::{Connection, Executor, PgConnection, PgPool, Row};

/// One step of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// What it is called in its crate, such as `0001_events`; never changes.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

/// The migrations of one crate, under that crate's name, in order.
pub type MigrationSet = (&'static str, &'static [Migration]);

/// Why the schema can't be worked on.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// Steps are missing.
    #[error("the schema is older than this build: {set}/{name} was not applied; run `propertyos migrate`")]
    Older {
        /// Whose step.
        set: String,
        /// Which.
        name: String,
    },
    /// Steps were applied that this build doesn't have.
    #[error("the schema is newer than this build: it doesn't know {set}/{name}")]
    Newer {
        /// Whose step.
        set: String,
        /// Which.
        name: String,
    },
    /// A step was applied in another wording.
    #[error("{set}/{name} was applied with other statements than this build has")]
    Altered {
        /// Whose step.
        set: String,
        /// Which.
        name: String,
    },
    /// A step was refused by the server.
    #[error("{set}/{name} failed")]
    Step {
        /// Whose step.
        set: String,
        /// Which.
        name: String,
        /// What the server said.
        source: sqlx::Error,
    },
    /// The server can't be asked.
    #[error("the schema's version can't be read")]
    Database(#[from] sqlx::Error),
}

const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS public.schema_migrations (
        set_name text NOT NULL,
        name text NOT NULL,
        checksum bytea NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (set_name, name));
    GRANT SELECT ON public.schema_migrations TO propertyos_app, propertyos_stream";

/// One number for everyone who migrates a database.
const LOCK: i64 = 7_000_002;

/// Applies what is missing, as the owner, and returns how many steps that were. Several processes may do so at once.
///
/// # Errors
/// A schema newer than this build or altered, and a step that fails: the steps before it stay.
pub async fn run(owner: &mut PgConnection, sets: &[MigrationSet]) -> Result<usize, MigrationError> {
    let mut applied = 0;
    while apply_next(owner, sets).await? {
        applied += 1;
    }
    Ok(applied)
}

/// Applies the first missing step; says whether there was one.
async fn apply_next(owner: &mut PgConnection, sets: &[MigrationSet]) -> Result<bool, MigrationError> {
    let mut tx = owner.begin().await?;
    let applied = apply_next_within(&mut tx, sets).await;
    match applied {
        Ok(true) => tx.commit().await?,
        // Merely dropped, it would keep the lock until the connection is used again.
        Ok(false) | Err(_) => tx.rollback().await?,
    }
    applied
}

async fn apply_next_within(tx: &mut PgConnection, sets: &[MigrationSet]) -> Result<bool, MigrationError> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *tx)
        .await?;
    if !table_exists(tx).await? {
        tx.execute(TABLE).await?;
    }
    let Some((set, migration)) = pending(tx, sets).await?.into_iter().next() else {
        return Ok(false);
    };
    let (set, name) = (set.to_owned(), migration.name.to_owned());
    if let Err(source) = tx.execute(migration.sql).await {
        return Err(MigrationError::Step { set, name, source });
    }
    sqlx::query("INSERT INTO public.schema_migrations (set_name, name, checksum) VALUES ($1, $2, $3)")
        .bind(set)
        .bind(name)
        .bind(checksum(migration.sql))
        .execute(tx)
        .await?;
    Ok(true)
}

/// Refuses any schema but exactly the one of `sets`.
///
/// # Errors
/// A schema that is older, newer or altered; a server that can't be asked.
pub async fn verify(pool: &PgPool, sets: &[MigrationSet]) -> Result<(), MigrationError> {
    let mut connection = pool.acquire().await?;
    let missing = if table_exists(&mut connection).await? {
        pending(&mut connection, sets).await?
    } else {
        in_order(sets).collect()
    };
    match missing.first() {
        None => Ok(()),
        Some((set, migration)) => Err(MigrationError::Older {
            set: (*set).to_owned(),
            name: migration.name.to_owned(),
        }),
    }
}

/// The steps that were not applied yet. Refuses what was applied and isn't known, or in another wording.
async fn pending(
    connection: &mut PgConnection,
    sets: &[MigrationSet],
) -> Result<Vec<(&'static str, &'static Migration)>, MigrationError> {
    let mut applied: HashMap<(String, String), Vec<u8>> =
        sqlx::query("SELECT set_name, name, checksum FROM public.schema_migrations")
            .fetch_all(connection)
            .await?
            .into_iter()
            .map(|row| ((row.get(0), row.get(1)), row.get(2)))
            .collect();
    let mut missing = Vec::new();
    for (set, migration) in in_order(sets) {
        let key = (set.to_owned(), migration.name.to_owned());
        match applied.remove(&key) {
            None => missing.push((set, migration)),
            Some(known) if known == checksum(migration.sql) => {}
            Some(_) => {
                return Err(MigrationError::Altered {
                    set: key.0,
                    name: key.1,
                });
            }
        }
    }
    match applied.into_keys().min() {
        None => Ok(missing),
        Some((set, name)) => Err(MigrationError::Newer { set, name }),
    }
}

fn in_order(sets: &[MigrationSet]) -> impl Iterator<Item = (&'static str, &'static Migration)> {
    sets.iter()
        .flat_map(|(set, migrations)| migrations.iter().map(move |migration| (*set, migration)))
}

async fn table_exists(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT to_regclass('public.schema_migrations') IS NOT NULL")
        .fetch_one(connection)
        .await
}

pub(crate) fn checksum(sql: &str) -> Vec<u8> {
    digest(&SHA256, sql.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDatabase;

    const FIRST: Migration = Migration {
        name: "0001_first",
        sql: "CREATE TABLE first (n int); GRANT SELECT ON first TO propertyos_app",
    };
    const SECOND: Migration = Migration {
        name: "0002_second",
        sql: "ALTER TABLE first ADD COLUMN m int; CREATE TABLE second ()",
    };
    const OLD: &[MigrationSet] = &[("crate", &[FIRST])];
    const NOW: &[MigrationSet] = &[("crate", &[FIRST, SECOND])];

    #[tokio::test]
    async fn each_step_is_applied_once_however_many_processes_migrate() {
        let database = TestDatabase::new(&[]).await;
        let (mut one, mut two) = (database.owner().await, database.owner().await);
        let (one, two) = tokio::join!(run(&mut one, NOW), run(&mut two, NOW));
        assert_eq!(one.unwrap() + two.unwrap(), 2);
        verify(&database.pools().await.app, NOW).await.unwrap();
    }

    #[tokio::test]
    async fn a_schema_that_lacks_a_step_is_refused_as_older() {
        let database = TestDatabase::new(OLD).await;
        let refused = verify(&database.pools().await.app, NOW).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the schema is older than this build: crate/0002_second was not applied; run `propertyos migrate`"
        );
    }

    #[tokio::test]
    async fn an_empty_database_is_refused_as_older() {
        let database = TestDatabase::new(&[]).await;
        let refused = verify(&database.pools().await.app, OLD).await.unwrap_err();
        assert!(matches!(refused, MigrationError::Older { name, .. } if name == "0001_first"));
    }

    #[tokio::test]
    async fn a_schema_with_an_unknown_step_is_refused_as_newer_and_not_migrated() {
        let database = TestDatabase::new(NOW).await;
        let refused = verify(&database.pools().await.stream, OLD).await.unwrap_err();
        assert!(matches!(refused, MigrationError::Newer { name, .. } if name == "0002_second"));
        let refused = run(&mut database.owner().await, OLD).await.unwrap_err();
        assert!(matches!(refused, MigrationError::Newer { .. }));
    }

    #[tokio::test]
    async fn a_step_whose_wording_changed_is_refused() {
        let database = TestDatabase::new(OLD).await;
        let altered: &[MigrationSet] = &[(
            "crate",
            &[Migration {
                sql: "SELECT 1",
                ..FIRST
            }],
        )];
        let refused = verify(&database.pools().await.app, altered).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "crate/0001_first was applied with other statements than this build has"
        );
    }

    #[tokio::test]
    async fn a_step_that_fails_leaves_nothing_of_itself_and_all_before_it() {
        let database = TestDatabase::new(&[]).await;
        let broken: &[MigrationSet] = &[(
            "crate",
            &[
                FIRST,
                Migration {
                    name: "0002_second",
                    sql: "CREATE TABLE second (); SELECT 1/0",
                },
            ],
        )];
        let failed = run(&mut database.owner().await, broken).await.unwrap_err();
        assert!(matches!(failed, MigrationError::Step { name, .. } if name == "0002_second"));
        verify(&database.pools().await.app, OLD).await.unwrap();
        run(&mut database.owner().await, NOW).await.unwrap();
    }
}
