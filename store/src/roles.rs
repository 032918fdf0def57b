//! The four roles, and the database in which they meet.
//!
//! Invariant: a process that serves holds no role that owns a table of the log, bypasses its policies or may become one
//! that does. [`crate::connect`] refuses to start otherwise.

use sqlx::{Connection, Executor, PgConnection};

/// Owns the log and migrates it; its connection is closed before anything is served.
pub const OWNER: &str = "propertyos_owner";
/// What answers requests: reads under the organization's policy, writes through `append` only.
pub const APP: &str = "propertyos_app";
/// Relay, projectors and replay: read every organization and own the read models.
pub const STREAM: &str = "propertyos_stream";
/// Owns the append functions, and nobody signs in as it: what it may do is what they may do.
pub const APPEND: &str = "propertyos_append";

/// One number for everyone who changes the roles or the list of databases of a server.
const LOCK: i64 = 7_000_001;

/// Creates the roles that are missing. `superuser` is the server's first user; an outside server's administrator runs
/// the same statements by hand.
///
/// # Errors
/// What the server answers.
pub async fn create(superuser: &mut PgConnection) -> Result<(), sqlx::Error> {
    let mut tx = superuser.begin().await?;
    lock(&mut tx).await?;
    for (role, attributes) in [(OWNER, "LOGIN"), (APP, "LOGIN"), (STREAM, "LOGIN"), (APPEND, "NOLOGIN")] {
        let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
            .bind(role)
            .fetch_one(&mut *tx)
            .await?;
        if !known {
            tx.execute(format!("CREATE ROLE {role} {attributes}").as_str()).await?;
        }
    }
    // So that a migration can hand the append functions over.
    tx.execute(format!("GRANT {APPEND} TO {OWNER}").as_str()).await?;
    tx.commit().await
}

/// Creates the database if it is missing, owned by [`OWNER`], as UTF-8, sorted by bytes: the same order on every machine.
///
/// # Errors
/// What the server answers.
pub async fn create_database(superuser: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&mut *superuser)
        .await?;
    if !known {
        let name = quoted(name);
        let create = format!("CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'");
        superuser.execute(create.as_str()).await?;
    }
    grant_on_database(superuser, name).await
}

/// Lets the stream role make schemas for its read models in a database. A copy made from a template doesn't inherit it.
///
/// # Errors
/// What the server answers.
pub async fn grant_on_database(superuser: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    let grant = format!("GRANT CREATE ON DATABASE {} TO {STREAM}", quoted(name));
    superuser.execute(grant.as_str()).await.map(drop)
}

/// Keeps others who change roles or databases of this server out until the transaction ends.
pub(crate) async fn lock(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(tx)
        .await
        .map(drop)
}

/// A name as an identifier.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
