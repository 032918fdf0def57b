//! An event as a projection receives it.

use chrono::{DateTime, Utc};
use domain::{ids::OrganizationId, registry::AnyEvent};
use schemas::{Cursor, Metadata, Recorded, Shard};
use uuid::Uuid;

/// A recorded event, decoded, with the personal data in it opened as far as the keys still exist.
#[derive(Debug, Clone)]
pub struct Fact {
    /// The life of the log it was written in.
    pub epoch: i32,
    /// The part of the log.
    pub shard: Shard,
    /// Dense per shard, from 1.
    pub position: i64,
    /// Whose it is.
    pub tenant_id: OrganizationId,
    /// Of which type of aggregate.
    pub aggregate_type: String,
    /// Of which aggregate.
    pub aggregate_id: Uuid,
    /// Dense per aggregate, from 1.
    pub sequence: i64,
    /// The stored name.
    pub event_type: String,
    /// By whom, why, and when it counts.
    pub metadata: Metadata,
    /// Its own id.
    pub event_id: Uuid,
    /// The command that caused it.
    pub command_id: Uuid,
    /// Which of that command's events it is, from 0.
    pub command_index: i32,
    /// When the log took it. Only for showing: a rule reads [`Metadata::occurred_at`] or [`Metadata::effective_date`].
    pub recorded_at: DateTime<Utc>,
    /// What happened.
    pub event: AnyEvent,
}

impl Fact {
    /// The event that was read from this row.
    #[must_use]
    pub fn new(recorded: Recorded, event: AnyEvent) -> Self {
        Self {
            epoch: recorded.epoch,
            shard: recorded.shard,
            position: recorded.position,
            tenant_id: recorded.tenant_id,
            aggregate_type: recorded.aggregate_type,
            aggregate_id: recorded.aggregate_id,
            sequence: recorded.sequence,
            event_type: recorded.event_type,
            metadata: recorded.metadata,
            event_id: recorded.event_id,
            command_id: recorded.command_id,
            command_index: recorded.command_index,
            recorded_at: recorded.recorded_at,
            event,
        }
    }

    /// The cursor of a reader that has read up to this event.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor {
            epoch: self.epoch,
            shard: self.shard,
            position: self.position,
        }
    }
}
