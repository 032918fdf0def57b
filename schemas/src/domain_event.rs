//! An event as other programs read it.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use domain::ids::OrganizationId;

use crate::{Metadata, Recorded, Shard, shard_of};

/// The envelope in which an event leaves the log: the value of a message.
///
/// Trace context and the attributes of `CloudEvents` are no part of it: they ride in the message's headers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DomainEvent {
    /// Its own id: the same however often it is delivered.
    pub id: Uuid,
    /// The stored name, such as `payment.completed`: to be compared, never split.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Of which aggregate.
    pub aggregate_id: Uuid,
    /// Of which type of aggregate.
    pub aggregate_type: String,
    /// Whose it is: the organization.
    pub tenant_id: Uuid,
    /// What happened, by the schema of this name and `schemaVersion`; personal data is sealed in it.
    #[schemars(with = "serde_json::Value")]
    pub payload: Box<RawValue>,
    /// When the log took it.
    pub timestamp: DateTime<Utc>,
    /// Its place in its aggregate's stream: dense, from 1.
    pub version: i64,
    /// What all commands and events that follow from one request share.
    pub correlation_id: Uuid,
    /// The event that led to its command, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// The command that caused it.
    pub command_id: Uuid,
    /// Which of that command's events it is, from 0.
    pub command_index: i32,
    /// The person or process that gave the command.
    pub actor: Uuid,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// The civil date, in the organization's time zone, on which it counts.
    pub effective_date: NaiveDate,
    /// The version of the payload's schema.
    pub schema_version: u32,
    /// The part of the log, 0 to 15: also the partition of the topic.
    pub shard: u8,
    /// Its place in that part: dense, from 1.
    pub position: i64,
    /// The life of the log it was written in.
    pub epoch: i32,
}

impl From<Recorded> for DomainEvent {
    fn from(recorded: Recorded) -> Self {
        let metadata = recorded.metadata;
        Self {
            id: recorded.event_id,
            event_type: recorded.event_type,
            aggregate_id: recorded.aggregate_id,
            aggregate_type: recorded.aggregate_type,
            tenant_id: recorded.tenant_id.0,
            payload: recorded.payload,
            timestamp: recorded.recorded_at,
            version: recorded.sequence,
            correlation_id: metadata.correlation_id,
            causation_id: metadata.causation_id,
            command_id: recorded.command_id,
            command_index: recorded.command_index,
            actor: metadata.actor,
            occurred_at: metadata.occurred_at,
            effective_date: metadata.effective_date,
            schema_version: recorded.event_version,
            shard: recorded.shard.number(),
            position: recorded.position,
            epoch: recorded.epoch,
        }
    }
}

/// It says that it stands where it can't: in no part of the log, or in another than its organization's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the organization {tenant_id} has no event at position {position} of shard {shard}")]
pub struct Misplaced {
    /// Whose it says to be.
    pub tenant_id: Uuid,
    /// Where it says to stand.
    pub shard: u8,
    /// And at which position.
    pub position: i64,
}

impl DomainEvent {
    /// The event as the log keeps it. The trace context, which the envelope doesn't carry, came beside it.
    ///
    /// # Errors
    /// The envelope can't be of the log.
    pub fn into_recorded(self, traceparent: Option<String>) -> Result<Recorded, Misplaced> {
        let tenant_id = OrganizationId(self.tenant_id);
        let shard = Shard::new(self.shard)
            .filter(|shard| *shard == shard_of(tenant_id) && self.position > 0)
            .ok_or(Misplaced {
                tenant_id: self.tenant_id,
                shard: self.shard,
                position: self.position,
            })?;
        Ok(Recorded {
            epoch: self.epoch,
            shard,
            position: self.position,
            tenant_id,
            aggregate_type: self.aggregate_type,
            aggregate_id: self.aggregate_id,
            sequence: self.version,
            event_type: self.event_type,
            event_version: self.schema_version,
            payload: self.payload,
            metadata: Metadata {
                actor: self.actor,
                correlation_id: self.correlation_id,
                causation_id: self.causation_id,
                occurred_at: self.occurred_at,
                effective_date: self.effective_date,
                traceparent,
            },
            event_id: self.id,
            command_id: self.command_id,
            command_index: self.command_index,
            recorded_at: self.timestamp,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn recorded(causation_id: Option<Uuid>) -> Recorded {
        let instant = |text: &str| text.parse().unwrap();
        Recorded {
            epoch: 1,
            shard: Shard::new(10).unwrap(),
            position: 41,
            tenant_id: OrganizationId(Uuid::from_u128(1)),
            aggregate_type: "vendor".into(),
            aggregate_id: Uuid::from_u128(2),
            sequence: 3,
            event_type: "vendor.blocked".into(),
            event_version: 1,
            payload: RawValue::from_string(r#"{"type":"vendor.blocked",  "reason":"late"}"#.into()).unwrap(),
            metadata: Metadata {
                actor: Uuid::from_u128(4),
                correlation_id: Uuid::from_u128(5),
                causation_id,
                occurred_at: instant("2026-06-01T15:00:00Z"),
                effective_date: NaiveDate::from_ymd_opt(2026, 6, 1).unwrap(),
                traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
            },
            event_id: Uuid::from_u128(6),
            command_id: Uuid::from_u128(7),
            command_index: 0,
            recorded_at: instant("2026-06-01T15:00:01.5Z"),
        }
    }

    #[test]
    fn it_carries_what_the_log_recorded_under_the_names_of_the_contract() {
        let event = DomainEvent::from(recorded(Some(Uuid::from_u128(8))));
        let id = |n: u128| Uuid::from_u128(n).to_string();
        assert_eq!(
            serde_json::to_value(&event).unwrap(),
            json!({
                "id": id(6),
                "type": "vendor.blocked",
                "aggregateId": id(2),
                "aggregateType": "vendor",
                "tenantId": id(1),
                "payload": {"type": "vendor.blocked", "reason": "late"},
                "timestamp": "2026-06-01T15:00:01.500Z",
                "version": 3,
                "correlationId": id(5),
                "causationId": id(8),
                "commandId": id(7),
                "commandIndex": 0,
                "actor": id(4),
                "occurredAt": "2026-06-01T15:00:00Z",
                "effectiveDate": "2026-06-01",
                "schemaVersion": 1,
                "shard": 10,
                "position": 41,
                "epoch": 1,
            })
        );
    }

    #[test]
    fn it_is_read_back_as_it_was_recorded() {
        let mut written = recorded(Some(Uuid::from_u128(8)));
        written.shard = shard_of(written.tenant_id);
        let envelope = DomainEvent::from(written.clone());
        let read = envelope.into_recorded(written.metadata.traceparent.clone()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{written:?}"));
    }

    #[test]
    fn it_is_of_no_shard_but_its_organizations() {
        let mut written = recorded(None);
        written.shard = shard_of(written.tenant_id);
        for (shard, position) in [(written.shard.number() ^ 1, 41), (16, 41), (written.shard.number(), 0)] {
            let envelope = DomainEvent {
                shard,
                position,
                ..DomainEvent::from(written.clone())
            };
            let refused = envelope.into_recorded(None).unwrap_err();
            assert_eq!((refused.shard, refused.position), (shard, position));
        }
    }

    #[test]
    fn the_payload_keeps_its_bytes() {
        let json = serde_json::to_string(&DomainEvent::from(recorded(None))).unwrap();
        assert!(json.contains(r#""payload":{"type":"vendor.blocked",  "reason":"late"}"#));
        assert!(!json.contains("causationId"));
        let read: DomainEvent = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
    }
}
