//! The schemas of the read models: made by version, one version of each answering queries.

use chrono::{DateTime, Utc};
use domain::ids::OrganizationId;
use sqlx::{Executor, PgConnection, PgPool, Postgres, Row, Transaction};

use crate::{Projection, Version, failure};

/// Why a read model could not be made.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Other statements make the same version.
    #[error("the tables of {projection} differ from those that version {version} was made with: raise its version")]
    Altered {
        /// Which read model.
        projection: &'static str,
        /// Which version.
        version: u32,
    },
    /// Its statements were refused, or the server can't be asked.
    #[error("the tables of {projection} could not be made")]
    Database {
        /// Which read model.
        projection: &'static str,
        /// What the server said.
        source: sqlx::Error,
    },
}

impl InstallError {
    /// Whether it may pass if one tries again.
    pub(crate) fn passes(&self) -> bool {
        matches!(self, Self::Database { source, .. } if failure::may_pass(source))
    }
}

/// Makes the schema of a projection's version, its tables, checkpoints and leases, unless they are there. It answers queries at
/// once if no version does yet.
///
/// # Errors
/// Tables that differ from those the version was made with; statements that the server refuses.
pub async fn install(stream: &PgPool, projection: &dyn Projection) -> Result<(), InstallError> {
    let database = |source| InstallError::Database {
        projection: projection.name(),
        source,
    };
    let mut tx = stream.begin().await.map_err(database)?;
    lock(&mut tx).await.map_err(database)?;
    match same_tables(&mut tx, projection).await.map_err(database)? {
        Some(true) => return Ok(()),
        Some(false) => {
            return Err(InstallError::Altered {
                projection: projection.name(),
                version: projection.version(),
            });
        }
        None => {}
    }
    make_tables(&mut tx, projection).await.map_err(database)?;
    open_to_queries(&mut tx, projection).await.map_err(database)?;
    register(&mut tx, projection).await.map_err(database)?;
    tx.commit().await.map_err(database)
}

/// One process at a time makes or swaps read models; held to the end of the transaction.
pub(crate) async fn lock(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    tx.execute("SELECT pg_advisory_xact_lock(7000010)").await.map(drop)
}

/// Whether the version was made with these tables; `None` if it wasn't made.
async fn same_tables(tx: &mut PgConnection, projection: &dyn Projection) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT tables_checksum = sha256(convert_to($3, 'UTF8')) FROM read_models WHERE projection = $1 AND version = $2",
    )
    .bind(projection.name())
    .bind(projection.version().cast_signed())
    .bind(projection.tables())
    .fetch_optional(tx)
    .await
}

/// The schema and its tables, which the stream role alone can reach yet.
pub(crate) async fn make_tables(tx: &mut PgConnection, projection: &dyn Projection) -> Result<(), sqlx::Error> {
    let schema = Version::of(projection).schema();
    tx.execute(format!("CREATE SCHEMA {schema}; SET LOCAL search_path = {schema}").as_str())
        .await?;
    tx.execute(projection.tables()).await?;
    tx.execute("SET LOCAL search_path TO DEFAULT").await.map(drop)
}

/// Policies, FORCE and grants, for every table that says whose its rows are; no other can be read by the API.
pub(crate) async fn open_to_queries(tx: &mut PgConnection, projection: &dyn Projection) -> Result<(), sqlx::Error> {
    let schema = Version::of(projection).schema();
    tx.execute(format!("GRANT USAGE ON SCHEMA {schema} TO propertyos_app").as_str())
        .await?;
    sqlx::query(
        "SELECT public.isolate_by_organization(c.oid::regclass)
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
          WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p')
            AND a.attname = 'tenant_id' AND NOT a.attisdropped",
    )
    .bind(schema)
    .execute(tx)
    .await
    .map(drop)
}

/// Begins its checkpoints and leases; without another active version it is the active one.
async fn register(tx: &mut PgConnection, projection: &dyn Projection) -> Result<(), sqlx::Error> {
    let (name, version) = (projection.name(), projection.version().cast_signed());
    sqlx::query(
        "INSERT INTO read_models (projection, version, tables_checksum, schema_id, active)
         SELECT $1, $2, sha256(convert_to($3, 'UTF8')), $4::regnamespace,
                NOT EXISTS (SELECT FROM read_models WHERE projection = $1 AND active)",
    )
    .bind(name)
    .bind(version)
    .bind(projection.tables())
    .bind(Version::of(projection).schema())
    .execute(&mut *tx)
    .await?;
    for table in ["checkpoints", "leases"] {
        let insert = format!("INSERT INTO {table} (projection, version, shard) SELECT $1, $2, generate_series(0, 15)");
        sqlx::query(&insert).bind(name).bind(version).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Why a read model can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Another version answers queries, or none yet: this process is older or newer than the read model.
    #[error("version {version} of {projection} isn't the one that answers queries")]
    NotActive {
        /// Which read model.
        projection: &'static str,
        /// The version that was asked.
        version: u32,
    },
    /// The server can't be asked.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// One organization's view of a read model, at one moment.
#[derive(Debug)]
pub struct Reading {
    /// Reads the rows of the organization; read-only.
    pub tx: Transaction<'static, Postgres>,
    /// When the first event was recorded that could not be applied to what this organization sees; `None` if it is complete.
    pub incomplete_since: Option<DateTime<Utc>>,
}

/// Begins to read an organization's rows of a read model: that its version is the active one, what it lacks, and its rows
/// agree with each other.
///
/// # Errors
/// Another version answers queries; a server that can't be asked.
pub async fn read(
    app: &PgPool,
    organization: OrganizationId,
    projection: &'static str,
    version: u32,
) -> Result<Reading, ReadError> {
    // A read model may be replaced between the snapshot and the look at its name: seldom, and not twice in a row.
    match read_once(app, organization, projection, version).await {
        Err(ReadError::NotActive { .. }) => read_once(app, organization, projection, version).await,
        other => other,
    }
}

async fn read_once(
    app: &PgPool,
    organization: OrganizationId,
    projection: &'static str,
    version: u32,
) -> Result<Reading, ReadError> {
    let mut tx = store::organization::read(app, organization).await?;
    // The lock on read_models that this takes keeps a swap waiting until the transaction ends.
    let row = sqlx::query(
        "SELECT (SELECT min(recorded_at) FROM parked WHERE projection = $1 AND version = $2)
           FROM read_models
          WHERE projection = $1 AND version = $2 AND active AND schema_id = to_regnamespace($3)::oid",
    )
    .bind(projection)
    .bind(version.cast_signed())
    .bind(
        Version {
            projection,
            number: version,
        }
        .schema(),
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(ReadError::NotActive { projection, version })?;
    Ok(Reading {
        incomplete_since: row.get(0),
        tx,
    })
}

/// Lets a version that has caught up answer queries, unless a newer one does. Says whether it does from now on.
pub(crate) async fn supersede(stream: &PgPool, version: Version) -> Result<bool, sqlx::Error> {
    let mut tx = stream.begin().await?;
    lock(&mut tx).await?;
    let newer: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM read_models WHERE projection = $1 AND active AND version >= $2)",
    )
    .bind(version.projection)
    .bind(version.number_in_database())
    .fetch_one(&mut *tx)
    .await?;
    if !newer {
        activate(&mut tx, version).await?;
        tx.commit().await?;
    }
    Ok(!newer)
}

/// Lets this version answer queries from the end of the transaction on, and the one before it no more. Its tables and
/// checkpoints stay, to roll back to.
pub(crate) async fn activate(tx: &mut PgConnection, version: Version) -> Result<(), sqlx::Error> {
    // Two statements, since the index allows one active version at any moment.
    for statement in [
        "UPDATE read_models SET active = false WHERE projection = $1 AND version <> $2 AND active",
        "UPDATE read_models SET active = true WHERE projection = $1 AND version = $2",
    ] {
        sqlx::query(statement)
            .bind(version.projection)
            .bind(version.number_in_database())
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}
