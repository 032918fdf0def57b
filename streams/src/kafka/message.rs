//! An event as a message of the topic.
//!
//! The value is the envelope. The attributes of `CloudEvents` ride in the headers, as its Kafka protocol binding says for the
//! binary content mode (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md>), and
//! the W3C trace context beside them.

use chrono::SecondsFormat;
use rdkafka::{
    Message,
    message::{BorrowedMessage, Header, Headers, OwnedHeaders},
};
use schemas::{DomainEvent, Misplaced, Recorded};

/// The header of the trace context, <https://www.w3.org/TR/trace-context/>.
const TRACEPARENT: &str = "traceparent";

/// What is sent of an event besides partition and topic.
pub(crate) struct Outgoing {
    /// The organization's id: who reads the topic by key finds one organization's events together.
    pub key: String,
    /// The envelope, as JSON.
    pub value: Vec<u8>,
    /// When the log took it, in milliseconds since 1970: by this a reader finds its place.
    pub timestamp: i64,
    pub headers: OwnedHeaders,
}

/// The message for an event.
///
/// # Errors
/// An envelope that can't be written as JSON.
pub(crate) fn outgoing(event: Recorded) -> Result<Outgoing, serde_json::Error> {
    let key = event.tenant_id.to_string();
    let timestamp = event.recorded_at.timestamp_millis();
    let traceparent = event.metadata.traceparent.clone();
    let event = DomainEvent::from(event);
    let mut headers = OwnedHeaders::new_with_capacity(8);
    for (key, value) in [
        ("ce_specversion", "1.0"),
        ("ce_id", &event.id.to_string()),
        ("ce_source", &format!("urn:propertyos:organization:{key}")),
        ("ce_type", &event.event_type),
        ("ce_subject", &event.aggregate_id.to_string()),
        ("ce_time", &event.timestamp.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        ("content-type", "application/json"),
    ] {
        headers = with(headers, key, value);
    }
    if let Some(traceparent) = traceparent {
        headers = with(headers, TRACEPARENT, &traceparent);
    }
    Ok(Outgoing {
        value: serde_json::to_vec(&event)?,
        key,
        timestamp,
        headers,
    })
}

fn with(headers: OwnedHeaders, key: &str, value: &str) -> OwnedHeaders {
    headers.insert(Header {
        key,
        value: Some(value),
    })
}

/// A message that is no event of its partition.
#[derive(Debug, thiserror::Error)]
pub(super) enum Rubbish {
    #[error("it has no value")]
    Empty,
    #[error("it is no envelope: {0}")]
    NoEnvelope(#[from] serde_json::Error),
    #[error(transparent)]
    Misplaced(#[from] Misplaced),
    #[error("it is of shard {0}, which another partition holds")]
    OtherPartition(u8),
}

/// The event in a message.
pub(super) fn incoming(message: &BorrowedMessage<'_>) -> Result<Recorded, Rubbish> {
    let traceparent = message.headers().and_then(|headers| {
        let header = headers.iter().find(|header| header.key == TRACEPARENT)?;
        String::from_utf8(header.value?.to_vec()).ok()
    });
    let value = message.payload().ok_or(Rubbish::Empty)?;
    let event: DomainEvent = serde_json::from_slice(value)?;
    if i32::from(event.shard) != message.partition() {
        return Err(Rubbish::OtherPartition(event.shard));
    }
    Ok(event.into_recorded(traceparent)?)
}
