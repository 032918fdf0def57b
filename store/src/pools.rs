//! Connections, one pool per role, and what is checked before one of them is trusted.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    Connection, PgConnection, PgPool, Row,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::roles;

/// The oldest major version of PostgreSQL that everything here was tried on.
pub const OLDEST_SERVER: i32 = 15;

/// Statements over all shards look costly to the planner: compiling them takes a second, running them a few milliseconds.
const NO_JIT: [(&str, &str); 1] = [("jit", "off")];

/// Those who follow the log find rows by key, and nothing is won by knowing the keys before. Left to itself the server plans anew each time
/// what it takes to be dear, such as a statement over all shards: half of what it did for the read models. A statement of theirs is
/// planned once by connection.
const ONE_PLAN: [(&str, &str); 1] = [("plan_cache_mode", "force_generic_plan")];

/// Those who follow the log read on in the order of an index, so much at a time. A bitmap holds all that is there first, and of a log
/// that it knows nothing of, the server takes that to be little.
const NO_BITMAPS: [(&str, &str); 1] = [("enable_bitmapscan", "off")];

/// Where the database is and how many connections to take.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// How [`roles::APP`] signs in.
    pub app: PgConnectOptions,
    /// How [`roles::STREAM`] signs in.
    pub stream: PgConnectOptions,
    /// How [`roles::OWNER`] signs in; without it the schema must have been migrated by another process.
    pub owner: Option<PgConnectOptions>,
    /// At most so many connections of the app role at a time.
    pub app_connections: u32,
    /// At most so many connections of the stream role at a time.
    pub stream_connections: u32,
    /// How long a request waits for a connection before the database counts as unavailable.
    pub acquire_timeout: Duration,
}

/// A connection string that can't be used. It may hold a password, so it isn't repeated.
#[derive(Debug, thiserror::Error)]
pub enum BadUrl {
    /// It is for something else.
    #[error("the connection string for {0} doesn't begin with postgres://")]
    Scheme(&'static str),
    /// It has no such form.
    #[error("the connection string for {role} can't be read")]
    Form {
        /// Whose.
        role: &'static str,
        /// Why.
        source: sqlx::Error,
    },
}

impl ConnectionSettings {
    /// A server on this machine, reached through its socket's folder without passwords.
    #[must_use]
    pub fn local(socket_folder: &Path, database: &str) -> Self {
        let role = |name| {
            PgConnectOptions::new_without_pgpass()
                .socket(socket_folder)
                .username(name)
                .database(database)
        };
        Self::of(role(roles::APP), role(roles::STREAM), Some(role(roles::OWNER)))
    }

    /// A server that someone else runs: `postgres://` URLs, each with its role's name and password.
    ///
    /// # Errors
    /// A URL that can't be read.
    pub fn outside(app: &str, stream: &str, owner: Option<&str>) -> Result<Self, BadUrl> {
        let owner = owner.map(|url| parse(roles::OWNER, url)).transpose()?;
        Ok(Self::of(parse(roles::APP, app)?, parse(roles::STREAM, stream)?, owner))
    }

    fn of(app: PgConnectOptions, stream: PgConnectOptions, owner: Option<PgConnectOptions>) -> Self {
        // What answers a request must not outlive the client's patience, nor hold locks for one that went away.
        let app = app.options([
            ("statement_timeout", "30s"),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "60s"),
        ]);
        Self {
            app: app.options(NO_JIT).application_name("propertyos app"),
            stream: stream
                .options(NO_JIT)
                .options(ONE_PLAN)
                .options(NO_BITMAPS)
                .application_name("propertyos stream"),
            owner: owner.map(|owner| owner.application_name("propertyos owner")),
            app_connections: 24,
            stream_connections: 16,
            acquire_timeout: Duration::from_secs(5),
        }
    }

    /// The owner's connection, for migrations and bulk loads: to be closed before anything is served.
    ///
    /// # Errors
    /// No owner in the settings, no connection, or a role that isn't the owner.
    pub async fn connect_owner(&self) -> Result<PgConnection, ConnectError> {
        let options = self.owner.as_ref().ok_or(ConnectError::NoOwner)?;
        let unreachable = |source| ConnectError::Unreachable {
            role: roles::OWNER,
            source,
        };
        let mut connection = PgConnection::connect_with(options).await.map_err(unreachable)?;
        let found: String = sqlx::query_scalar("SELECT current_user::text")
            .fetch_one(&mut connection)
            .await
            .map_err(unreachable)?;
        if found == roles::OWNER {
            Ok(connection)
        } else {
            Err(ConnectError::WrongRole {
                role: roles::OWNER,
                found,
            })
        }
    }
}

fn parse(role: &'static str, url: &str) -> Result<PgConnectOptions, BadUrl> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(BadUrl::Scheme(role));
    }
    PgConnectOptions::from_str(url).map_err(|source| BadUrl::Form { role, source })
}

/// The connections of a process that serves.
#[derive(Debug, Clone)]
pub struct Pools {
    /// For commands and queries, as [`roles::APP`].
    pub app: PgPool,
    /// For relay, projectors and replay, as [`roles::STREAM`].
    pub stream: PgPool,
}

impl Pools {
    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        self.app.close().await;
        self.stream.close().await;
    }
}

/// Why a database isn't worked with.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No connection.
    #[error("the database can't be reached as {role}")]
    Unreachable {
        /// As whom.
        role: &'static str,
        /// Why.
        source: sqlx::Error,
    },
    /// Migrations and bulk loads need the owner, and the settings name none.
    #[error("no connection is configured for propertyos_owner, which migrates and loads in bulk")]
    NoOwner,
    /// The connection string names someone else.
    #[error("the connection meant for {role} signs in as {found}")]
    WrongRole {
        /// Who was meant.
        role: &'static str,
        /// Who it is.
        found: String,
    },
    /// The role could get around the policies or the grants.
    #[error("{role} must not {may}")]
    Privileged {
        /// Which role.
        role: &'static str,
        /// What it may do and must not.
        may: &'static str,
    },
    /// The server is too old.
    #[error("PostgreSQL {found} is older than {OLDEST_SERVER}, the oldest supported")]
    OldServer {
        /// Its version, as it says it.
        found: String,
    },
    /// The database isn't UTF-8.
    #[error("the database is encoded as {found}, not as UTF8")]
    Encoding {
        /// What it is.
        found: String,
    },
}

/// Opens both pools and checks who they are and what they talk to.
///
/// # Errors
/// A server that can't be reached or isn't fit, a role that is another or may do more than it must.
pub async fn connect(settings: &ConnectionSettings) -> Result<Pools, ConnectError> {
    let pool = |max, options: &PgConnectOptions| {
        PgPoolOptions::new()
            .max_connections(max)
            .acquire_timeout(settings.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| Box::pin(async move { Ok(is_there(connection, meta.idle_for).await) }))
            .connect_lazy_with(options.clone())
    };
    let pools = Pools {
        app: pool(settings.app_connections, &settings.app),
        stream: pool(settings.stream_connections, &settings.stream),
    };
    check(&pools.app, roles::APP).await?;
    check(&pools.stream, roles::STREAM).await?;
    Ok(pools)
}

/// A connection that nobody used for so long may have broken unseen.
const RESTED: Duration = Duration::from_secs(1);

/// Whether a connection that has rested for so long is still there. After a second the server is asked; to ask it before each use would
/// be a round trip for each, and under load a broken connection shows at once.
pub async fn is_there(connection: &mut PgConnection, rested: Duration) -> bool {
    rested < RESTED || connection.ping().await.is_ok()
}

/// What a serving role must not be able to do, each as a condition on its row `r` in `pg_roles`.
const FORBIDDEN: &[(&str, &str)] = &[
    ("be a superuser", "r.rolsuper"),
    ("bypass row-level security", "r.rolbypassrls"),
    ("create roles", "r.rolcreaterole"),
    ("replicate", "r.rolreplication"),
    (
        "be a member of propertyos_owner or propertyos_append",
        "EXISTS (SELECT FROM pg_roles o WHERE o.rolname IN ('propertyos_owner', 'propertyos_append')
                  AND pg_has_role(r.oid, o.oid, 'MEMBER'))",
    ),
    (
        "own the database",
        "EXISTS (SELECT FROM pg_database d WHERE d.datname = current_database() AND d.datdba = r.oid)",
    ),
    (
        "own a table of the log's schema",
        "EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relnamespace = 'public'::regnamespace)",
    ),
];

async fn check(pool: &PgPool, role: &'static str) -> Result<(), ConnectError> {
    let conditions: Vec<&str> = FORBIDDEN.iter().map(|(_, condition)| *condition).collect();
    let query = format!(
        "SELECT current_user::text, current_setting('server_version'), current_setting('server_version_num')::int / 10000,
                current_setting('server_encoding'), ARRAY[{}]
           FROM pg_roles r WHERE r.rolname = current_user",
        conditions.join(", ")
    );
    let row = sqlx::query(&query)
        .fetch_one(pool)
        .await
        .map_err(|source| ConnectError::Unreachable { role, source })?;
    let found: String = row.get(0);
    if found != role {
        return Err(ConnectError::WrongRole { role, found });
    }
    if row.get::<i32, _>(2) < OLDEST_SERVER {
        return Err(ConnectError::OldServer { found: row.get(1) });
    }
    let found: String = row.get(3);
    if found != "UTF8" {
        return Err(ConnectError::Encoding { found });
    }
    let holds: Vec<bool> = row.get(4);
    match FORBIDDEN.iter().zip(holds).find(|(_, holds)| *holds) {
        None => Ok(()),
        Some(((may, _), _)) => Err(ConnectError::Privileged { role, may }),
    }
}

#[cfg(test)]
mod tests;
