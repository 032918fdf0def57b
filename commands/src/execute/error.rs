//! Why a command was not carried out.

use std::{borrow::Cow, sync::Arc, time::Duration};

use domain::{Refusal, ids::PersonId};
use store::personal::PersonalError;

use crate::log::{AppendError, ReadError};

/// Why a command was not carried out. Nothing was written, except perhaps with [`ExecuteError::Unavailable`].
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// A rule says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Others changed what the decision rests on, again and again.
    #[error("others changed the same at the same time; try again")]
    Conflict,
    /// The client's condition doesn't hold.
    #[error("the condition is sequence {expected}; it is {actual} now")]
    PreconditionFailed {
        /// What the client expects.
        expected: i64,
        /// What is.
        actual: i64,
    },
    /// The id belongs to another command.
    #[error("the command id was used with another body")]
    CommandIdReused,
    /// An event is larger than any reader of the log takes.
    #[error("{event_type} would take {bytes} bytes; the limit is {limit}")]
    TooLarge {
        /// Which event.
        event_type: Cow<'static, str>,
        /// What its envelope would take.
        bytes: usize,
        /// What it may take.
        limit: usize,
    },
    /// The command says something about a person whose data was erased.
    #[error("the personal data of {person} was erased")]
    PersonErased {
        /// Whose.
        person: PersonId,
    },
    /// The database doesn't answer, or can't write now. The command may or may not have been written: sent again under the
    /// same id it is carried out once.
    #[error("the log is not available now")]
    Unavailable {
        /// When to try again.
        retry_after: Duration,
        /// What the database said.
        source: Arc<sqlx::Error>,
    },
    /// A fault of the program or of what is stored.
    #[error(transparent)]
    Internal(#[from] InternalError),
}

/// A fault of the program or of what is stored, that no retry mends.
#[derive(Debug, thiserror::Error)]
pub enum InternalError {
    /// A command that decides without an event or a refusal.
    #[error("the command `{command}` yielded neither an event nor a refusal")]
    Silent {
        /// Which.
        command: &'static str,
    },
    /// What a command or event can't be written as.
    #[error("a command or event has no JSON form")]
    Json(#[from] serde_json::Error),
    /// The log was given what it doesn't take, or is not as it must be.
    #[error(transparent)]
    Append(AppendError),
    /// The log holds what this build can't read.
    #[error(transparent)]
    Read(ReadError),
    /// Personal data can't be sealed.
    #[error(transparent)]
    Personal(#[from] PersonalError),
}

impl ExecuteError {
    /// Whether it says no to the command, rather than that nobody could tell.
    pub(super) fn is_an_answer(&self) -> bool {
        match self {
            Self::Refused(_)
            | Self::Conflict
            | Self::PreconditionFailed { .. }
            | Self::TooLarge { .. }
            | Self::PersonErased { .. } => true,
            Self::CommandIdReused | Self::Unavailable { .. } | Self::Internal(_) => false,
        }
    }

    /// Whether it may be otherwise with states that are more current.
    pub(super) fn rests_on_state(&self) -> bool {
        matches!(
            self,
            Self::Refused(_) | Self::PreconditionFailed { .. } | Self::PersonErased { .. }
        )
    }
}

impl From<AppendError> for ExecuteError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict | AppendError::NewEpoch => Self::Conflict,
            AppendError::CommandIdReused => Self::CommandIdReused,
            AppendError::TooLarge {
                event_type,
                bytes,
                limit,
            } => Self::TooLarge {
                event_type,
                bytes,
                limit,
            },
            AppendError::Unavailable { retry_after, source } => Self::Unavailable { retry_after, source },
            AppendError::Malformed(_) | AppendError::NotAlone | AppendError::Corrupt(_) => {
                InternalError::Append(error).into()
            }
        }
    }
}

impl From<ReadError> for ExecuteError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable { retry_after, source } => Self::Unavailable { retry_after, source },
            ReadError::Corrupt(_)
            | ReadError::Unreadable(_)
            | ReadError::OtherOrganization(_)
            | ReadError::Unwritten(_) => InternalError::Read(error).into(),
        }
    }
}

impl From<Decline> for ExecuteError {
    fn from(decline: Decline) -> Self {
        match decline {
            Decline::Refused(refusal) => Self::Refused(refusal),
            Decline::Failed(error) => error.into(),
        }
    }
}

/// Why a decision came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Decline {
    /// A rule says no.
    #[error(transparent)]
    Refused(Refusal),
    /// What the decision needs can't be read.
    #[error(transparent)]
    Failed(ReadError),
}

impl<R: Into<Refusal>> From<R> for Decline {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal.into())
    }
}

impl From<ReadError> for Decline {
    fn from(error: ReadError) -> Self {
        Self::Failed(error)
    }
}
