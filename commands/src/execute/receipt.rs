//! What a command wrote.

use schemas::Shard;
use uuid::Uuid;

/// What a command wrote: the same for its first answer and for that to a retry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The life of the log it was written in.
    pub epoch: i32,
    /// The part of the log.
    pub shard: Shard,
    /// Position of its first event.
    pub first_position: i64,
    /// Position of its last event.
    pub last_position: i64,
    /// Id of its last event.
    pub last_event_id: Uuid,
    /// Its events in order; never none.
    pub written: Vec<Written>,
    /// Whether this is the answer to a retry. The one thing that differs from the first answer.
    pub repeated: bool,
}

/// An event that a command wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Of which type of aggregate.
    pub aggregate_type: String,
    /// Of which aggregate.
    pub aggregate_id: Uuid,
    /// Its place in that aggregate's stream.
    pub sequence: i64,
    /// The stored name.
    pub event_type: String,
    /// Its own id.
    pub event_id: Uuid,
}

impl Receipt {
    /// The last sequence that the command wrote to its primary stream: that of its first event.
    #[must_use]
    pub fn primary_sequence(&self) -> i64 {
        let Some(first) = self.written.first() else { return 0 };
        let of_primary = |event: &&Written| {
            (&event.aggregate_type, event.aggregate_id) == (&first.aggregate_type, first.aggregate_id)
        };
        self.written
            .iter()
            .filter(of_primary)
            .map(|event| event.sequence)
            .fold(0, i64::max)
    }

    /// The last sequence that the command wrote to a stream, if it wrote to it.
    #[must_use]
    pub fn sequence_of(&self, aggregate_type: &str, aggregate_id: Uuid) -> Option<i64> {
        let of_stream = |event: &&Written| event.aggregate_type == aggregate_type && event.aggregate_id == aggregate_id;
        self.written.iter().filter(of_stream).map(|event| event.sequence).max()
    }
}
