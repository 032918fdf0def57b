//! What a command wrote.

use domain::ids::CommandId;
use schemas::Shard;
use uuid::Uuid;

use super::{ExecuteError, work::Outgoing};
use crate::log::{Appended, Snapshot, Trace};

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
    pub(super) fn new(appended: Appended, events: &[Outgoing]) -> Self {
        let written = |Outgoing { event, sequence }: &Outgoing| Written {
            aggregate_type: event.stream.aggregate_type.to_owned(),
            aggregate_id: event.stream.aggregate_id,
            sequence: *sequence,
            event_type: event.event_type.to_string(),
            event_id: event.event_id,
        };
        Self {
            epoch: appended.epoch,
            shard: appended.shard,
            first_position: appended.first_position,
            last_position: appended.last_position,
            last_event_id: events
                .last()
                .map(|outgoing| outgoing.event.event_id)
                .unwrap_or_default(),
            written: events.iter().map(written).collect(),
            repeated: false,
        }
    }

    /// What a command was answered when it was carried out; nothing if it never was. Under the hash of another body its id is
    /// refused.
    pub(super) async fn first(
        snapshot: &mut Snapshot<'_>,
        command: CommandId,
        hash: &[u8],
    ) -> Result<Option<Self>, ExecuteError> {
        let traces = snapshot.traces_of(command).await?;
        if traces.iter().any(|trace| trace.command_hash != hash) {
            return Err(ExecuteError::CommandIdReused);
        }
        Ok(Self::repeated(snapshot.shard(), traces))
    }

    /// From what the log has of a command; `None` if that is nothing.
    fn repeated(shard: Shard, traces: Vec<Trace>) -> Option<Self> {
        let (first, last) = (traces.first()?, traces.last()?);
        Some(Self {
            epoch: last.epoch,
            shard,
            first_position: first.position,
            last_position: last.position,
            last_event_id: last.event_id,
            repeated: true,
            written: traces
                .into_iter()
                .map(|trace| Written {
                    aggregate_type: trace.aggregate_type,
                    aggregate_id: trace.aggregate_id,
                    sequence: trace.sequence,
                    event_type: trace.event_type,
                    event_id: trace.event_id,
                })
                .collect(),
        })
    }

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
