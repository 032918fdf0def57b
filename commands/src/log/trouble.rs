//! Tells a database that can't answer now from one that answers what it must not.

use std::{io, sync::Arc, time::Duration};

use domain::{ids::OrganizationId, registry::DecodeError};
use sqlx::error::DatabaseError;
use store::is_unavailable;

use super::AppendError;

/// When a client may try again: about what a restart of the server takes.
const RETRY_AFTER: Duration = Duration::from_secs(1);

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
    /// Whoever is asked knows one organization, and this is another.
    #[error("organization {0} is not the one that is loaded")]
    OtherOrganization(OrganizationId),
}

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> Self {
        if is_unavailable(&error) {
            Self::Unavailable {
                retry_after: RETRY_AFTER,
                source: Arc::new(error),
            }
        } else {
            Self::Corrupt(Arc::new(error))
        }
    }
}

impl From<DecodeError> for ReadError {
    fn from(error: DecodeError) -> Self {
        Self::Unreadable(Arc::new(error))
    }
}

/// Raised by `append`, see its migration.
const MALFORMED: &str = "PO001";
const NEW_EPOCH: &str = "PO002";

/// What a failed call of `append` means for all its commands.
pub(super) fn append_error(error: sqlx::Error) -> AppendError {
    let code = error
        .as_database_error()
        .and_then(DatabaseError::code)
        .unwrap_or_default();
    match &*code {
        MALFORMED => AppendError::Malformed(error.to_string().into()),
        NEW_EPOCH => AppendError::NewEpoch,
        _ if is_unavailable(&error) => AppendError::Unavailable {
            retry_after: RETRY_AFTER,
            source: Arc::new(error),
        },
        _ => AppendError::Corrupt(Arc::new(error)),
    }
}

/// Whether the connection broke under the call, so that nobody knows what came of it, and another connection may tell. A call
/// that ran out of time tells nobody.
pub(super) fn broke(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() != io::ErrorKind::TimedOut,
        sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| code.starts_with("08") || code.starts_with("57P")),
        _ => false,
    }
}
