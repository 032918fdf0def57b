//! What is asked of the log, and what it answers.

use std::{borrow::Cow, sync::Arc, time::Duration};

use domain::{
    Root,
    ids::{CommandId, OrganizationId, PersonId},
};
use schemas::{Metadata, Shard};
use serde_json::value::RawValue;
use store::personal::has_clear_value;
use uuid::Uuid;

/// Names one stream of an organization: the history of one aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Of which type.
    pub aggregate_type: &'static str,
    /// Of which aggregate.
    pub aggregate_id: Uuid,
}

impl StreamId {
    /// The stream of an aggregate.
    #[must_use]
    pub fn of<A: Root>(id: A::Id) -> Self {
        Self {
            aggregate_type: A::TYPE,
            aggregate_id: id.into(),
        }
    }
}

impl std::fmt::Display for StreamId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.aggregate_type, self.aggregate_id)
    }
}

/// An event that is to be written. Its position and its sequence are the log's to give.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Where to. The command must say which sequence it expects there.
    pub stream: StreamId,
    /// Its own id.
    pub event_id: Uuid,
    /// The stored name.
    pub event_type: Cow<'static, str>,
    /// The version of the payload's schema.
    pub event_version: u32,
    /// The bytes to keep; personal data is sealed in them.
    pub payload: Box<RawValue>,
}

/// What one command writes, all or nothing.
#[derive(Debug, Clone)]
pub struct NewCommand {
    /// Whose it is: all its streams and events are this organization's.
    pub organization: OrganizationId,
    /// What makes a retry recognisable.
    pub command_id: CommandId,
    /// What tells a retry from another command under the same id: 32 bytes.
    pub command_hash: Vec<u8>,
    /// By whom, why, and when it counts: the same for all its events.
    pub metadata: Metadata,
    /// The last sequence of each stream that the decision read or writes, 0 for one without events; each stream once.
    pub expectations: Vec<(StreamId, i64)>,
    /// What happened, in order; at least one.
    pub events: Vec<NewEvent>,
    /// The wrapped keys of the persons that its events name first.
    pub person_keys: Vec<(PersonId, Vec<u8>)>,
}

/// Where a command's events stand: dense from the first position to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The life of the log they were written in.
    pub epoch: i32,
    /// The part of the log.
    pub shard: Shard,
    /// Position of the first.
    pub first_position: i64,
    /// Position of the last.
    pub last_position: i64,
    /// Whether they were there already: the command is a retry.
    pub repeated: bool,
}

/// Why a command was not written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// A stream has moved on since it was read.
    #[error("a stream has moved on since it was read")]
    Conflict,
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
    /// The database doesn't answer, or can't write now. The command may or may not have been written: sent again under the
    /// same id it is written once.
    #[error("the log is not available now")]
    Unavailable {
        /// When to try again.
        retry_after: Duration,
        /// What the database said.
        source: Arc<sqlx::Error>,
    },
    /// The log was restored or moved since streams were read from it: nothing that was read before may be relied on.
    #[error("the log has begun a new epoch")]
    NewEpoch,
    /// The organization has events that its bulk load did not write: nothing more of the load is written.
    #[error("others have written to the organization of this bulk load, which must be alone in it")]
    NotAlone,
    /// The command is not as the log demands: a fault of the program that no retry mends.
    #[error("the log refused the command: {0}")]
    Malformed(Cow<'static, str>),
    /// What is stored, or the database that stores it, is not as it must be: a fault that no retry mends.
    #[error("the log is damaged or of another build")]
    Corrupt(#[source] Arc<sqlx::Error>),
}

/// What an event may take as an envelope. Every reader of the log, and the topic it is relayed to, takes messages of this
/// size.
pub const MAX_EVENT_BYTES: usize = 512 * 1024;

/// More than what the envelope adds to payload and metadata: ids, names, numbers, all of bounded length.
const ENVELOPE_BYTES: usize = 2 * 1024;

/// A command that was checked for all that can be known without the database.
pub(super) struct Prepared {
    pub(super) command: NewCommand,
    /// Its metadata as it is stored.
    pub(super) metadata: String,
    /// For each event, which expectation is its stream's.
    pub(super) streams: Vec<usize>,
    /// What its payloads take.
    pub(super) bytes: usize,
}

impl Prepared {
    pub(super) fn new(command: NewCommand) -> Result<Self, AppendError> {
        if command.events.is_empty() {
            return Err(AppendError::Malformed("it has no event".into()));
        }
        let metadata = serde_json::to_string(&command.metadata).map_err(malformed)?;
        let mut streams = Vec::with_capacity(command.events.len());
        let mut bytes = 0;
        for event in &command.events {
            check(event, metadata.len())?;
            bytes += event.payload.get().len();
            let stream = command
                .expectations
                .iter()
                .position(|(stream, _)| *stream == event.stream);
            streams.push(stream.ok_or_else(|| unexpected(event))?);
        }
        Ok(Self {
            command,
            metadata,
            streams,
            bytes,
        })
    }

    /// The streams it writes, some of them more than once.
    pub(super) fn written(&self) -> impl Iterator<Item = StreamId> {
        self.command.events.iter().map(|event| event.stream)
    }
}

fn check(event: &NewEvent, metadata: usize) -> Result<(), AppendError> {
    let bytes = event.payload.get().len() + metadata + ENVELOPE_BYTES;
    if bytes > MAX_EVENT_BYTES {
        return Err(AppendError::TooLarge {
            event_type: event.event_type.clone(),
            bytes,
            limit: MAX_EVENT_BYTES,
        });
    }
    if has_clear_value(event.payload.get()).map_err(malformed)? {
        let fault = format!("{} holds personal data that is not sealed", event.event_type);
        return Err(AppendError::Malformed(fault.into()));
    }
    Ok(())
}

fn unexpected(event: &NewEvent) -> AppendError {
    AppendError::Malformed(
        format!(
            "{} is to be written to {}, of which nothing is expected",
            event.event_type, event.stream
        )
        .into(),
    )
}

fn malformed(error: impl std::fmt::Display) -> AppendError {
    AppendError::Malformed(error.to_string().into())
}
