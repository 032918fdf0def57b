//! A connection that has one user.

use std::time::Duration;

use sqlx::{Connection, Executor, PgConnection, PgPool};
use tokio::time::Instant;

/// A connection of its user's own, for what is asked many times a second: it is set up once, the server keeps the plans of its statements
/// in one place, and a pool would ask the server after each use whether the connection is still there.
pub(crate) struct OwnConnection {
    stream: PgPool,
    settings: String,
    connection: Option<PgConnection>,
    used: Instant,
}

/// A connection that has rested for so long may have broken unseen.
const RESTED: Duration = Duration::from_secs(1);

impl OwnConnection {
    /// Opened when it is first asked for, as the stream role's; these statements set it up.
    pub(crate) fn new(stream: PgPool, settings: String) -> Self {
        Self {
            stream,
            settings,
            connection: None,
            used: Instant::now(),
        }
    }

    /// The connection, opened anew if it broke while nobody used it.
    pub(crate) async fn get(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        let connection = match self.connection.take() {
            Some(connection) => self.tested(connection).await,
            None => None,
        };
        let connection = match connection {
            Some(connection) => connection,
            None => self.open().await?,
        };
        self.used = Instant::now();
        Ok(self.connection.insert(connection))
    }

    /// Lets go of the connection, after something failed: the server rolls back what was under way.
    pub(crate) fn forget(&mut self) {
        self.connection = None;
    }

    async fn tested(&self, mut connection: PgConnection) -> Option<PgConnection> {
        let works = self.used.elapsed() < RESTED || connection.ping().await.is_ok();
        works.then_some(connection)
    }

    async fn open(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.stream.acquire().await?.detach();
        if !self.settings.is_empty() {
            connection.execute(self.settings.as_str()).await?;
        }
        Ok(connection)
    }
}
