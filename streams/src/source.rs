//! What hands out the events of the log: its tail, or (in another implementation) a topic that mirrors it.

use async_trait::async_trait;
use schemas::{Cursor, Recorded, Shard};
use tokio::sync::watch;
use uuid::Uuid;

/// Hands out the events behind a cursor. Every implementation hands out the same events in the same order with the same
/// cursors; where batches end is its own affair.
#[async_trait]
pub trait Source: Send {
    /// What follows each cursor, as far as there is anything: at most one batch for each, the next position first and without
    /// a gap. Answers at once, also with nothing.
    ///
    /// # Errors
    /// [`SourceError::Unavailable`] passes; a [`Fault`] doesn't, and must stop the reader.
    async fn fetch(&mut self, cursors: &[Cursor], limit: Limit) -> Result<Vec<Batch>, SourceError>;

    /// Changes when there may be more to fetch, and isn't closed while the source lives. A hint only: who relies on it alone may
    /// wait for ever.
    fn hints(&self) -> watch::Receiver<()>;
}

/// An unbroken run of one shard's events.
#[derive(Debug)]
pub struct Batch {
    /// Of which shard.
    pub shard: Shard,
    /// At least one event, in the order of the log.
    pub events: Vec<Recorded>,
}

/// How much one fetch may bring, for each shard. A batch ends with the event that reaches either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// In events.
    pub events: usize,
    /// In bytes of payload.
    pub bytes: usize,
}

/// Why nothing could be fetched.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The server or broker didn't answer. Try again.
    #[error("the events could not be read: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The log isn't the one that was read before.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for SourceError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

/// The log isn't what the reader's cursor says it was. Reading on would skip or repeat events: the reader stops.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Positions are dense; this one should have come next and didn't.
    #[error("after {after} the log goes on at position {found}")]
    Gap {
        /// The last event behind the reader.
        after: Cursor,
        /// The position that came instead of the next.
        found: i64,
    },
    /// Another server, or another branch of its history, than the one the log's present epoch began on: it was restored or moved.
    #[error(
        "the log was restored or moved to another server: `propertyos migrate --new-epoch` must say that it counts as it is"
    )]
    Moved,
    /// At the cursor stands another event than the one that was read there.
    #[error("the log was restored or replaced: at {cursor} stood event {known}, now {found:?}")]
    Replaced {
        /// Where.
        cursor: Cursor,
        /// What the reader read there.
        known: Uuid,
        /// What stands there now; `None` if the log ends before it.
        found: Option<Uuid>,
    },
}
