//! Sends events and learns which the broker has.

use std::{
    array,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
};

use rdkafka::{
    ClientContext,
    error::KafkaError,
    message::DeliveryResult,
    producer::{BaseRecord, Producer, ProducerContext, PurgeConfig, ThreadedProducer},
};
use schemas::{Cursor, Recorded, SHARDS, Shard};
use tokio::{sync::Notify, task::spawn_blocking};
use tracing::debug;

use super::Failure;
use crate::kafka::{Broker, outgoing};

/// One life of a producer: after any delivery that failed it is given up, with all that is under way.
pub(super) struct Sender {
    producer: ThreadedProducer<Listener>,
    deliveries: Arc<Deliveries>,
    topic: String,
    capacity: usize,
}

/// What became of what was sent.
struct Deliveries {
    /// The last position of each shard up to which the broker has acknowledged everything.
    acknowledged: [AtomicI64; SHARDS as usize],
    bytes_under_way: AtomicUsize,
    delivered: AtomicBool,
    failure: OnceLock<String>,
    changed: Notify,
}

/// Hears from the client what became of each event.
struct Listener(Arc<Deliveries>);

impl ClientContext for Listener {}

impl ProducerContext for Listener {
    /// Shard and position in one number.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, place: usize) {
        let (Ok(message) | Err((_, message))) = result;
        self.0
            .bytes_under_way
            .fetch_sub(message.payload_len(), Ordering::AcqRel);
        match result {
            Ok(_) => self.0.acknowledge(place),
            Err((error, _)) => {
                let _first = self.0.failure.set(format!("an event was not delivered: {error}"));
            }
        }
        self.0.changed.notify_one();
    }
}

impl Deliveries {
    fn acknowledge(&self, place: usize) {
        self.delivered.store(true, Ordering::Release);
        let acknowledged = &self.acknowledged[place % usize::from(SHARDS)];
        let position = i64::try_from(place / usize::from(SHARDS)).unwrap_or(i64::MAX);
        // Only the next one: behind one that failed nothing counts.
        let _next = acknowledged.compare_exchange(position - 1, position, Ordering::AcqRel, Ordering::Acquire);
    }
}

/// Shard and position in one number.
fn place(cursor: Cursor) -> Result<usize, Failure> {
    let position = usize::try_from(cursor.position).ok();
    position
        .and_then(|position| position.checked_mul(usize::from(SHARDS)))
        .map(|position| position + cursor.shard.index())
        .ok_or_else(|| Failure::Passing(format!("{cursor} is no position")))
}

impl Sender {
    pub fn new(broker: &Broker, capacity: usize) -> Result<Self, KafkaError> {
        let deliveries = Arc::new(Deliveries {
            acknowledged: array::from_fn(|_| AtomicI64::new(0)),
            bytes_under_way: AtomicUsize::new(0),
            delivered: AtomicBool::new(false),
            failure: OnceLock::new(),
            changed: Notify::new(),
        });
        Ok(Self {
            producer: broker.producer().create_with_context(Listener(deliveries.clone()))?,
            deliveries,
            topic: broker.topic.clone(),
            capacity,
        })
    }

    /// From here on a shard's events are sent.
    pub fn begin(&self, cursor: Cursor) {
        self.deliveries.acknowledged[cursor.shard.index()].store(cursor.position, Ordering::Release);
    }

    pub fn send(&self, event: Recorded) -> Result<(), Failure> {
        let cursor = event.cursor();
        let place = place(cursor)?;
        let message = outgoing(event).map_err(|error| Failure::Passing(error.to_string()))?;
        let record = BaseRecord::with_opaque_to(&self.topic, place)
            .partition(i32::from(cursor.shard.number()))
            .key(&message.key)
            .payload(&message.value)
            .timestamp(message.timestamp)
            .headers(message.headers);
        self.deliveries
            .bytes_under_way
            .fetch_add(message.value.len(), Ordering::AcqRel);
        self.producer.send(record).map_err(|(error, _)| error.into())
    }

    /// All up to this position has arrived.
    pub fn acknowledged_up_to(&self, shard: Shard) -> i64 {
        self.deliveries.acknowledged[shard.index()].load(Ordering::Acquire)
    }

    /// In bytes.
    pub fn in_flight(&self) -> usize {
        self.deliveries.bytes_under_way.load(Ordering::Acquire)
    }

    pub fn has_room(&self) -> bool {
        self.in_flight() < self.capacity
    }

    pub fn has_delivered(&self) -> bool {
        self.deliveries.delivered.load(Ordering::Acquire)
    }

    /// Why it is to be given up.
    pub fn failure(&self) -> Option<String> {
        let fatal = || self.producer.client().fatal_error().map(|(_, reason)| reason);
        self.deliveries.failure.get().cloned().or_else(fatal)
    }

    /// Waits until something was acknowledged or has failed.
    pub async fn acknowledged(&self) {
        self.deliveries.changed.notified().await;
    }

    /// Waits until nothing is under way any more.
    pub async fn drained(&self) {
        while self.in_flight() > 0 && self.failure().is_none() {
            self.acknowledged().await;
        }
    }

    /// Gives up what is under way, and waits until the client's threads are gone. What the broker was sent it may still take.
    pub async fn discard(self) {
        let gone = spawn_blocking(move || {
            self.producer.purge(PurgeConfig::default().queue().inflight());
            drop(self);
        });
        if let Err(error) = gone.await {
            debug!(%error, "a producer could not be given up");
        }
    }
}
