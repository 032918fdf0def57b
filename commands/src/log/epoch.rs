//! The lives of the log.

use schemas::Shard;
use sqlx::PgConnection;

/// The epoch that a shard is written in.
pub(super) async fn current(connection: &mut PgConnection, shard: Shard) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("SELECT epoch FROM epochs WHERE shard = $1 ORDER BY epoch DESC LIMIT 1")
        .bind(shard.as_i16())
        .fetch_one(connection)
        .await
}

/// Begins a new epoch on every shard, as the owner: after the log was restored from an older copy or moved to another
/// server, and with nothing else running. Returns its number.
///
/// # Errors
/// A database that can't be written to, or a role that isn't the owner.
pub async fn begin(owner: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::query_scalar("SELECT begin_epoch()").fetch_one(owner).await
}
