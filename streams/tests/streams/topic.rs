//! What the tests of the topic share: what it holds, and what streams to and from it.

use std::{collections::BTreeMap, time::Duration};

use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    message::{Headers, OwnedMessage},
    producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer},
};
use schemas::{DomainEvent, SHARDS, Shard};
use sqlx::PgPool;
use streams::{
    Limit,
    kafka::{Broker, KafkaSource, SourceTelemetry},
    relay::{self, Relay, RelayError, RelayTelemetry},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{SOON, World};

/// Leases that end soon, batches that are small, so that much happens with few events.
pub const QUICK: relay::Settings = relay::Settings {
    lease: Duration::from_millis(900),
    poll: Duration::from_millis(20),
    batch: Limit {
        events: 20,
        bytes: 1 << 20,
    },
    checkpoint_every: Duration::from_millis(30),
    in_flight: 1 << 20,
    grace: Duration::from_secs(5),
};

/// How long a topic may be silent in tests.
pub const PATIENCE: Duration = Duration::from_secs(1);

/// A relay at work.
pub struct Relaying {
    pub telemetry: RelayTelemetry,
    pub stop: CancellationToken,
    pub ended: JoinHandle<Result<(), RelayError>>,
}

impl Relaying {
    pub async fn stop(self) -> Result<(), RelayError> {
        self.stop.cancel();
        tokio::time::timeout(SOON, self.ended)
            .await
            .expect("the relay ends")
            .unwrap()
    }
}

pub fn relay(stream: &PgPool, broker: &Broker) -> Relaying {
    relay_with(stream, broker, QUICK)
}

pub fn relay_with(stream: &PgPool, broker: &Broker, settings: relay::Settings) -> Relaying {
    let (telemetry, stop) = (RelayTelemetry::default(), CancellationToken::new());
    let relay = Relay::new(stream.clone(), broker.clone(), settings).with_telemetry(telemetry.clone());
    Relaying {
        ended: tokio::spawn(relay.run(stop.clone())),
        telemetry,
        stop,
    }
}

impl World {
    /// Waits until the checkpoints say that the topic holds all that is in the log now.
    pub async fn until_relayed(&self) {
        let total: i64 = self.heads().await.iter().sum();
        self.until(&format!(
            "SELECT sum(position) = {total} FROM checkpoints WHERE projection = 'relay'"
        ))
        .await;
    }

    /// A source that soon asks the log when the topic is silent.
    pub fn kafka(&self, broker: &Broker) -> (KafkaSource, SourceTelemetry) {
        self.kafka_with(broker, PATIENCE)
    }

    /// A source that waits for the topic as long as the test does.
    pub fn patient_kafka(&self, broker: &Broker) -> (KafkaSource, SourceTelemetry) {
        self.kafka_with(broker, 10 * SOON)
    }

    fn kafka_with(&self, broker: &Broker, patience: Duration) -> (KafkaSource, SourceTelemetry) {
        let telemetry = SourceTelemetry::default();
        let source = KafkaSource::new(self.pools.stream.clone(), broker, patience, telemetry.clone()).unwrap();
        (source, telemetry)
    }

    /// Every event of the log as the envelope it leaves it in, by shard in order.
    pub async fn envelopes(&self) -> BTreeMap<i32, Vec<String>> {
        let mut source = streams::LogSource::new(self.pools.stream.clone());
        let mut found: BTreeMap<i32, Vec<String>> = BTreeMap::new();
        let mut cursors: Vec<_> = Shard::all().map(schemas::Cursor::start).collect();
        let all = Limit {
            events: 1_000,
            bytes: 1 << 20,
        };
        loop {
            let batches = streams::Source::fetch(&mut source, &cursors, all).await.unwrap();
            if batches.is_empty() {
                return found;
            }
            for batch in batches {
                for event in batch.events {
                    cursors[batch.shard.index()] = event.cursor();
                    let envelope = serde_json::to_string(&DomainEvent::from(event)).unwrap();
                    found.entry(i32::from(batch.shard.number())).or_default().push(envelope);
                }
            }
        }
    }
}

fn client(broker: &Broker) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &broker.servers)
        .set("group.id", "test")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest");
    config
}

pub fn envelope(message: &OwnedMessage) -> DomainEvent {
    serde_json::from_slice(message.payload().unwrap()).unwrap()
}

pub fn header(message: &OwnedMessage, name: &str) -> Option<String> {
    let header = message.headers()?.iter().find(|header| header.key == name)?;
    Some(String::from_utf8(header.value?.to_vec()).unwrap())
}

/// How many messages came to each partition, asked in the thread of the one who asks.
pub fn held_by(broker: &Broker) -> impl Fn(Shard) -> i64 {
    let (consumer, topic): (BaseConsumer, _) = (client(broker).create().unwrap(), broker.topic.clone());
    move |shard| {
        let (_, high) = consumer
            .fetch_watermarks(&topic, i32::from(shard.number()), SOON)
            .unwrap();
        high
    }
}

/// Puts a message into the topic, as anybody could who may write to it.
pub async fn put(broker: &Broker, partition: i32, value: Vec<u8>) {
    let broker = broker.clone();
    tokio::task::spawn_blocking(move || {
        let producer: ThreadedProducer<DefaultProducerContext> = client(&broker).create().unwrap();
        let record = BaseRecord::<(), _>::to(&broker.topic)
            .partition(partition)
            .payload(&value);
        producer.send(record).map_err(|(error, _)| error).unwrap();
        producer.flush(SOON).unwrap();
    })
    .await
    .unwrap();
}

/// Lets the topic forget everything that it holds now, as its retention would.
pub async fn forget(broker: &Broker) {
    let mut partitions = TopicPartitionList::new();
    for partition in 0..i32::from(SHARDS) {
        partitions
            .add_partition_offset(&broker.topic, partition, Offset::End)
            .unwrap();
    }
    let admin: AdminClient<DefaultClientContext> = client(broker).create().unwrap();
    admin.delete_records(&partitions, &AdminOptions::new()).await.unwrap();
}
