//! Tells a database that can't answer now from one that answers what it must not.

/// Whether the same call may succeed later: the connection broke, or the server is starting, stopping, full or too slow.
#[must_use]
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // By class: connections, rolled back by the server, resources, operators, the system; and a server that only
            // reads, since it stands by for another.
            ["08", "40", "53", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class))
                || code == LOCK_NOT_AVAILABLE
                || code == READ_ONLY
        }),
        _ => false,
    }
}

const LOCK_NOT_AVAILABLE: &str = "55P03";
const READ_ONLY: &str = "25006";
