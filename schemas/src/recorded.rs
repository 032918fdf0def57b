//! An event as the log keeps it.

use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::OrganizationId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{Cursor, Shard};

/// What is known of an event besides its payload: by whom, why, and when it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The person or process that gave the command.
    pub actor: Uuid,
    /// What all commands and events that follow from one request share.
    pub correlation_id: Uuid,
    /// The event that led to the command, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// The civil date, in the organization's time zone, on which it counts.
    pub effective_date: NaiveDate,
    /// W3C trace context of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
}

/// One row of `events`.
#[derive(Debug, Clone)]
pub struct Recorded {
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
    /// The version of the payload's schema.
    pub event_version: u32,
    /// The bytes as they were written; personal data is sealed in them.
    pub payload: Box<RawValue>,
    /// By whom, why, and when it counts.
    pub metadata: Metadata,
    /// Its own id.
    pub event_id: Uuid,
    /// The command that caused it.
    pub command_id: Uuid,
    /// Which of that command's events it is, from 0.
    pub command_index: i32,
    /// When the log took it.
    pub recorded_at: DateTime<Utc>,
}

impl Recorded {
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
