//! Tells a database that can't answer now from one that answers what it must not.

use std::{sync::Arc, time::Duration};

use domain::registry::DecodeError;

/// When a client may try again: about what a restart of the server takes.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why the log could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// The database doesn't answer now.
    #[error("the log is not available now")]
    Unavailable {
        /// When to try again.
        retry_after: Duration,
        /// What the database said.
        source: Arc<sqlx::Error>,
    },
    /// What is stored, or the database that stores it, is not as it must be: a fault that no retry mends.
    #[error("the log is damaged or of another build")]
    Corrupt(#[source] Arc<sqlx::Error>),
    /// A stored event that this build can't read.
    #[error("a stored event can't be read")]
    Unreadable(#[source] Arc<DecodeError>),
}

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> Self {
        let passing = passes(&error);
        let source = Arc::new(error);
        if passing {
            Self::Unavailable {
                retry_after: RETRY_AFTER,
                source,
            }
        } else {
            Self::Corrupt(source)
        }
    }
}

impl From<DecodeError> for ReadError {
    fn from(error: DecodeError) -> Self {
        Self::Unreadable(Arc::new(error))
    }
}

/// Whether the same call may succeed later: the connection broke, or the server is starting, stopping, full or too slow.
pub(crate) fn passes(error: &sqlx::Error) -> bool {
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
