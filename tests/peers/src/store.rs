//! What the benchmark asks of a peer that is driven from Rust, and the pool they all use.

use std::future::Future;

use anyhow::{Context, Result};
use futures::future::try_join_all;
use sqlx::{
    ConnectOptions, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::vendor::VendorCommand;

/// How an attempt at a command ended, if nothing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Its event is durable.
    Committed,
    /// Somebody else's transaction was in the way: nothing was written, and it has to be decided anew.
    Conflict,
}

/// An event store, set up as its documentation says.
pub trait Store: Sized + Send + Sync + 'static {
    /// With more connections than this it is no faster. Found by trial: 32 for most, of 16, 32 and 64.
    const MAX_CONNECTIONS: u32;

    /// Installs its schema into an empty database.
    async fn prepare(database: &PgConnectOptions) -> Result<()>;

    /// Opens it on a prepared database with so many connections.
    async fn open(database: PgConnectOptions, connections: u32) -> Result<Self>;

    /// Loads a vendor, decides, and appends the event in one transaction that holds only if nobody else has written meanwhile.
    fn execute(&self, command: VendorCommand) -> impl Future<Output = Result<Attempt>> + Send;
}

/// A pool with all its connections open, so that none is opened while time is taken.
///
/// # Errors
/// Fails if the database can't be reached.
pub async fn open_pool(database: PgConnectOptions, connections: u32) -> Result<PgPool> {
    let pool = PgPoolOptions::new()
        .min_connections(connections)
        .max_connections(connections)
        // A round trip before each use that finds out nothing on a local socket.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(database.disable_statement_logging())
        .await
        .context("the database can't be reached")?;
    try_join_all((0..connections).map(|_| pool.acquire())).await?;
    Ok(pool)
}

/// Runs a script of statements.
///
/// # Errors
/// Fails with what the database says.
pub async fn run_script(database: &PgConnectOptions, script: &str) -> Result<()> {
    let mut connection = database.connect().await.context("the database can't be reached")?;
    sqlx::raw_sql(script)
        .execute(&mut connection)
        .await
        .context("the schema can't be installed")?;
    Ok(())
}
