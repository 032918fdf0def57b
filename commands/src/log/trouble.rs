//! Tells a database that can't answer now from one that answers what it must not.

use std::{borrow::Cow, io, sync::Arc, time::Duration};

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
    /// What is asked rests on what a bulk load has decided before, and that can't be written.
    #[error("what was decided before can't be written")]
    Unwritten(#[source] Box<AppendError>),
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

impl From<AppendError> for ReadError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Unavailable { retry_after, source } => Self::Unavailable { retry_after, source },
            AppendError::Corrupt(source) => Self::Corrupt(source),
            error => Self::Unwritten(Box::new(error)),
        }
    }
}

/// Raised by `append` and `bulk_append`, see their migrations.
const MALFORMED: &str = "PO001";
const NEW_EPOCH: &str = "PO002";
const NOT_ALONE: &str = "PO003";

/// What a failed call of `append` means for all its commands.
pub(super) fn append_error(error: sqlx::Error) -> AppendError {
    match &*code(&error) {
        MALFORMED => AppendError::Malformed(error.to_string().into()),
        NEW_EPOCH => AppendError::NewEpoch,
        _ if is_unavailable(&error) => AppendError::Unavailable {
            retry_after: RETRY_AFTER,
            source: Arc::new(error),
        },
        _ => AppendError::Corrupt(Arc::new(error)),
    }
}

/// What a failed batch of a bulk load means for it. Whoever is alone has given twice what stands there twice.
pub(super) fn bulk_error(error: sqlx::Error) -> AppendError {
    let is_repeated = error
        .as_database_error()
        .is_some_and(DatabaseError::is_unique_violation);
    match &*code(&error) {
        NOT_ALONE => AppendError::NotAlone,
        _ if is_repeated => AppendError::Malformed(error.to_string().into()),
        _ => append_error(error),
    }
}

/// Whether the database found that what was to be written doesn't go with what is there, and has written nothing.
pub(super) fn is_violation(error: &sqlx::Error) -> bool {
    // Class 23: integrity constraint violation (PostgreSQL, Appendix A).
    code(error).starts_with("23")
}

fn code(error: &sqlx::Error) -> Cow<'_, str> {
    error
        .as_database_error()
        .and_then(DatabaseError::code)
        .unwrap_or_default()
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
