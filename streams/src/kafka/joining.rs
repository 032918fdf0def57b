//! Finds the place in the topic from where a reader of the log can go on.
//!
//! An event's message carries the time at which the log took it, so the first message that isn't older than the last event read
//! lies at or before that event, and all that follows it is behind. If the clock was ever set back that may be wrong: the
//! positions found there tell, and the reader goes back to the log.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{Consumer, StreamConsumer},
    error::{KafkaError, KafkaResult},
};
use schemas::{Cursor, Shard};
use sqlx::{PgPool, Row};

use super::{ANSWER_WITHIN, blocking, front::Anchor};
use crate::{log, relay};

/// Where a reader of the log stands.
pub(super) struct Place {
    pub cursor: Cursor,
    /// What stands there; `None` before the first event.
    event: Option<(Anchor, DateTime<Utc>)>,
    /// Whether the relay knows that the topic had all up to there.
    relayed: bool,
}

/// From where to read the topic.
pub(super) struct Join {
    pub cursor: Cursor,
    pub anchor: Option<Anchor>,
    pub offset: Offset,
}

/// What stands at these cursors.
pub(super) async fn places(stream: &PgPool, cursors: &[Cursor]) -> Result<Vec<Place>, sqlx::Error> {
    let shards: Vec<i16> = cursors.iter().map(|cursor| cursor.shard.as_i16()).collect();
    let positions: Vec<i64> = cursors.iter().map(|cursor| cursor.position).collect();
    let rows = sqlx::query(
        "SELECT c.shard, e.event_id, e.epoch, e.recorded_at, c.position, r.position >= c.position AS relayed
           FROM unnest($1::smallint[], $2::bigint[]) AS c(shard, position)
           JOIN checkpoints r ON r.projection = $3 AND r.version = $4 AND r.shard = c.shard
           LEFT JOIN LATERAL (
             SELECT * FROM events e WHERE e.shard = c.shard AND e.position BETWEEN c.position AND c.position
              ORDER BY e.position LIMIT 1) e ON true
          WHERE c.position = 0 OR e.position IS NOT NULL",
    )
    .bind(shards)
    .bind(positions)
    .bind(relay::VERSION.projection)
    .bind(relay::VERSION.number_in_database())
    .fetch_all(stream)
    .await?;
    rows.iter()
        .map(|row| {
            let start = Cursor::start(log::shard(row)?);
            let event_id: Option<_> = row.try_get("event_id")?;
            let Some(event_id) = event_id else {
                return Ok(Place {
                    cursor: start,
                    event: None,
                    relayed: true,
                });
            };
            let cursor = log::cursor(row)?;
            Ok(Place {
                cursor,
                event: Some((Anchor { cursor, event_id }, row.try_get("recorded_at")?)),
                relayed: row.try_get("relayed")?,
            })
        })
        .collect()
}

/// From where the topic goes on behind these places, as far as it does.
pub(super) async fn offsets(
    consumer: &Arc<StreamConsumer>,
    topic: &str,
    places: Vec<Place>,
) -> Result<Vec<Join>, KafkaError> {
    let (consumer, topic) = (consumer.clone(), topic.to_owned());
    blocking(move || {
        // Asked before the times: what comes later than this lies behind it.
        let mut ends = HashMap::new();
        for place in places.iter().filter(|place| place.relayed && place.event.is_some()) {
            let partition = i32::from(place.cursor.shard.number());
            let (_, end) = consumer.fetch_watermarks(&topic, partition, ANSWER_WITHIN)?;
            ends.insert(place.cursor.shard, end);
        }
        let found = by_time(&consumer, &topic, &places)?;
        let join = |place: Place| {
            let shard = place.cursor.shard;
            let offset = match (&place.event, found.get(&shard)) {
                (None, _) => Offset::Beginning,
                (Some(_), Some(offset)) => Offset::Offset(*offset),
                (Some(_), None) => Offset::Offset(*ends.get(&shard)?),
            };
            Some(Join {
                cursor: place.cursor,
                // Only a message that is there can be recognised.
                anchor: found.get(&shard).and(place.event).map(|(anchor, _)| anchor),
                offset,
            })
        };
        Ok(places.into_iter().filter_map(join).collect())
    })
    .await
}

/// The first message of each shard that isn't older than the event at the place.
fn by_time(consumer: &StreamConsumer, topic: &str, places: &[Place]) -> KafkaResult<HashMap<Shard, i64>> {
    let mut times = TopicPartitionList::new();
    for place in places {
        if let Some((_, recorded_at)) = place.event {
            let time = Offset::Offset(recorded_at.timestamp_millis());
            times.add_partition_offset(topic, i32::from(place.cursor.shard.number()), time)?;
        }
    }
    if times.count() == 0 {
        return Ok(HashMap::new());
    }
    let found = consumer.offsets_for_times(times, ANSWER_WITHIN)?;
    let mut offsets = HashMap::new();
    for element in found.elements() {
        element.error()?;
        let shard = u8::try_from(element.partition()).ok().and_then(Shard::new);
        if let (Some(shard), Offset::Offset(offset)) = (shard, element.offset()) {
            offsets.insert(shard, offset);
        }
    }
    Ok(offsets)
}
