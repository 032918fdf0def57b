//! A connection that has one user.

use sqlx::{Executor, PgConnection, PgPool};
use tokio::time::Instant;

/// A connection of its user's own, for what is asked many times a second: it is set up once, the server keeps the plans of its statements
/// in one place, and a pool would ask the server after each use whether the connection is still there.
pub(crate) struct OwnConnection {
    stream: PgPool,
    settings: String,
    connection: Option<PgConnection>,
    used: Instant,
}

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
        let there = store::is_there(&mut connection, self.used.elapsed()).await;
        there.then_some(connection)
    }

    async fn open(&self) -> Result<PgConnection, sqlx::Error> {
        let mut connection = self.stream.acquire().await?.detach();
        if !self.settings.is_empty() {
            connection.execute(self.settings.as_str()).await?;
        }
        Ok(connection)
    }
}

#[cfg(test)]
mod tests {
    use store::testing::TestDatabase;

    use super::*;

    #[tokio::test]
    async fn what_it_is_asked_again_and_again_is_planned_once() {
        let database = TestDatabase::new(&[]).await;
        let mut own = OwnConnection::new(database.pools().await.stream, String::new());
        for number in 1..=10 {
            let connection = own.get().await.unwrap();
            let same: i32 = sqlx::query_scalar("SELECT max(n) FROM generate_series(1, $1) AS s (n)")
                .bind(number)
                .fetch_one(connection)
                .await
                .unwrap();
            assert_eq!(same, number);
        }
        let plans: (i64, i64) = sqlx::query_as(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%generate_series%'
                AND statement NOT LIKE '%pg_prepared_statements%'",
        )
        .fetch_one(own.get().await.unwrap())
        .await
        .unwrap();
        assert_eq!(plans, (10, 0));
    }
}
