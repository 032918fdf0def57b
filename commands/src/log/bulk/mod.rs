//! Writing one organization's whole history, as the owner: batches of COPY instead of a call per command.
//!
//! Invariants: nobody else writes to the organization; each batch holds whole commands, and is written by a statement of its
//! own while the next is made.

mod rows;
mod writer;

use std::collections::HashMap;

use domain::ids::OrganizationId;
use sqlx::PgConnection;
use tokio::task::JoinHandle;
use uuid::Uuid;

use self::{
    rows::Row,
    writer::{Batch, Writer},
};
use super::{AppendError, NewCommand, StreamId, trouble, types::Prepared};

/// A batch is also written once it takes so many bytes.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// The log of an organization that had none, while it is filled.
pub(crate) struct BulkLog {
    /// The last sequence of every stream, by type. They are as many as there are streams, so each is small: a stream has
    /// never four thousand million events.
    heads: HashMap<&'static str, HashMap<Uuid, u32>>,
    batch: Batch,
    /// A batch is written once it holds so many events.
    batch_events: u32,
    hand: Hand,
    /// How many events were appended, how many of them handed to the writer, and how many of those are in the log.
    events: u64,
    handed: u64,
    written: u64,
}

/// Where the writer is.
enum Hand {
    Free(Box<Writer>),
    Writing(JoinHandle<Result<Writer, sqlx::Error>>),
    /// Gone with an error, which is told whenever it is asked for.
    Lost(AppendError),
}

impl BulkLog {
    /// Fills the log of an organization. If it has any event, the first batch is refused.
    pub(crate) async fn open(
        owner: PgConnection,
        organization: OrganizationId,
        batch_events: u32,
    ) -> Result<Self, AppendError> {
        let writer = Writer::open(owner, organization).await;
        Ok(Self {
            heads: HashMap::new(),
            batch: Batch::new(),
            batch_events,
            hand: Hand::Free(Box::new(writer.map_err(trouble::bulk_error)?)),
            events: 0,
            handed: 0,
            written: 0,
        })
    }

    /// Whether a stream has events.
    pub(crate) fn has(&self, stream: StreamId) -> bool {
        self.head(stream) > 0
    }

    /// How many events were appended.
    pub(crate) const fn events(&self) -> u64 {
        self.events
    }

    /// How many of them are known to be in the log.
    pub(crate) const fn written(&self) -> u64 {
        self.written
    }

    /// Adds a command's events to those that will be written.
    pub(crate) async fn append(&mut self, command: NewCommand) -> Result<(), AppendError> {
        let prepared = Prepared::new(command)?;
        let mut expectations = prepared.command.expectations.iter();
        if expectations.any(|(stream, expected)| self.head(*stream) != *expected) {
            return Err(AppendError::Conflict);
        }
        self.add(prepared);
        if self.batch.events >= i64::from(self.batch_events) || self.batch.rows.bytes() >= MAX_BYTES {
            self.write().await?;
        }
        Ok(())
    }

    /// Waits until everything that was appended is written.
    pub(crate) async fn settle(&mut self) -> Result<(), AppendError> {
        if self.batch.events > 0 {
            self.write().await?;
        }
        let writer = self.writer().await?;
        self.hand = Hand::Free(writer);
        Ok(())
    }

    /// Settles, and says how many events were written.
    pub(crate) async fn close(mut self) -> Result<u64, AppendError> {
        self.settle().await?;
        let closed = self.writer().await?.close().await;
        closed.map_err(trouble::bulk_error)?;
        Ok(self.events)
    }

    fn head(&self, stream: StreamId) -> i64 {
        let of_type = self.heads.get(stream.aggregate_type);
        of_type
            .and_then(|heads| heads.get(&stream.aggregate_id))
            .map_or(0, |head| i64::from(*head))
    }

    fn add(&mut self, prepared: Prepared) {
        let Prepared { command, metadata, .. } = prepared;
        for (event, command_index) in command.events.iter().zip(0..) {
            let of_type = self.heads.entry(event.stream.aggregate_type).or_default();
            let head = of_type.entry(event.stream.aggregate_id).or_default();
            *head += 1;
            self.batch.events += 1;
            self.events += 1;
            self.batch.rows.push(&Row {
                number: self.batch.events,
                aggregate_type: event.stream.aggregate_type,
                aggregate_id: event.stream.aggregate_id,
                sequence: i64::from(*head),
                event_type: &event.event_type,
                event_version: event.event_version.cast_signed(),
                payload: event.payload.get(),
                metadata: &metadata,
                event_id: event.event_id,
                command_id: command.command_id.0,
                command_index,
                command_hash: &command.command_hash,
            });
        }
        self.batch.add_keys(command.person_keys);
    }

    /// Hands the batch to the writer, once it has written the last.
    async fn write(&mut self) -> Result<(), AppendError> {
        let writer = self.writer().await?;
        let batch = std::mem::replace(&mut self.batch, Batch::new());
        self.handed = self.events;
        self.hand = Hand::Writing(tokio::spawn(writer.write(batch)));
        Ok(())
    }

    /// The writer, when it has nothing to do.
    async fn writer(&mut self) -> Result<Box<Writer>, AppendError> {
        let crashed = || sqlx::Error::WorkerCrashed;
        let gone = Hand::Lost(trouble::bulk_error(crashed()));
        let error = match std::mem::replace(&mut self.hand, gone) {
            Hand::Free(writer) => return Ok(writer),
            Hand::Writing(writing) => match writing.await.unwrap_or_else(|_| Err(crashed())) {
                Ok(writer) => {
                    self.written = self.handed;
                    return Ok(Box::new(writer));
                }
                Err(error) => trouble::bulk_error(error),
            },
            Hand::Lost(error) => error,
        };
        self.hand = Hand::Lost(error.clone());
        Err(error)
    }
}
