//! From the log to acknowledged Kafka, beside a producer of librdkafka's own that streams the same messages from memory.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rdkafka::{
    ClientContext, Message,
    error::{KafkaError, RDKafkaErrorCode},
    message::{DeliveryResult, OwnedMessage},
    producer::{BaseProducer, BaseRecord, Producer, ProducerContext},
};
use sqlx::PgConnection;
use store::testing::TestServer;
use streams::{
    kafka::Broker,
    testing::{TestBroker, messages, producer_settings},
};
use tests::Installation;
use tokio::{task::spawn_blocking, time::sleep};

use crate::{
    PROPERTYOS,
    report::{Against, Report},
    rounds::{Contestant, Rounds, Turn},
};

/// What the relay is to reach of the producer.
const GOAL: f64 = 0.8;
/// As many organizations as fill most shards, each with two years of so many units.
const SEEDS: u32 = 12;
const UNITS: &str = "100";
const MONTHS: &str = "24";
/// So many messages of a shard are sent before it is the turn of the next: the relay reads a log as this one alike.
const RUN: usize = 1_000;
/// No turn takes longer.
const LIMIT: Duration = Duration::from_mins(2);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The places of contestants.
const PRODUCER: usize = 0;
const RELAY: usize = 1;

pub async fn measure(report: &mut Report, rounds: usize) {
    let (server, broker) = tokio::join!(TestServer::own(), TestBroker::own());
    let broker = Arc::new(broker);
    let installation = filled(&server).await;
    let mut relay = Relay::new(installation, broker.clone()).await;
    let (relayed, _) = relay.timed().await;
    let messages = in_turns(messages(&relayed).await);
    assert_eq!(messages.len(), relay.events, "all of the log is in the topic");
    let what = format!("relay: {} events from the log to acknowledged Kafka", messages.len());
    let mut contestants: Vec<Box<dyn Contestant>> = vec![
        Box::new(Streaming {
            broker,
            messages: messages.into(),
        }),
        Box::new(relay),
    ];
    // Each sends all there is, however long that takes.
    let done = Rounds::run(&mut contestants, rounds, 1, Duration::ZERO).await;
    report.rate(&contestants[PRODUCER].name(), 1, &done, PRODUCER, None);
    let against = Against {
        name: "librdkafka's producer",
        place: PRODUCER,
        goal: Some(GOAL),
    };
    report.rate(&what, 1, &done, RELAY, Some(against));
}

/// An installation with a log.
async fn filled(server: &Arc<TestServer>) -> Installation {
    let installation = Installation::on(PROPERTYOS, server.database(&[]).await);
    installation.output(&["migrate"]).await;
    for seed in 1..=SEEDS {
        let seed = seed.to_string();
        let demo = ["demo", "--bulk", "--units", UNITS, "--months", MONTHS, "--seed", &seed];
        installation.output(&demo).await;
    }
    installation
}

/// In runs of one shard, shard after shard.
fn in_turns(messages: BTreeMap<i32, Vec<OwnedMessage>>) -> Vec<OwnedMessage> {
    let mut shards: Vec<_> = messages.into_values().map(Vec::into_iter).collect();
    let mut all = Vec::new();
    while !shards.is_empty() {
        for shard in &mut shards {
            all.extend(shard.by_ref().take(RUN));
        }
        shards.retain(|shard| shard.len() > 0);
    }
    all
}

/// The relay as a process, which relays the whole log at each turn.
struct Relay {
    installation: Installation,
    broker: Arc<TestBroker>,
    log: PgConnection,
    events: usize,
}

impl Relay {
    async fn new(installation: Installation, broker: Arc<TestBroker>) -> Self {
        let mut log = installation.database().expect("a database").superuser().await;
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM events")
            .fetch_one(&mut log)
            .await
            .expect("a log");
        Self {
            installation,
            broker,
            log,
            events: usize::try_from(count).expect("a count"),
        }
    }

    /// Relays to a topic that holds nothing, and says how long it took from when the relay had the log's shards until its checkpoints
    /// had come to the log's end.
    async fn timed(&mut self) -> (Broker, Duration) {
        let anew = "UPDATE checkpoints SET epoch = 1, position = 0, event_id = NULL, fence = fence + 1 WHERE projection = 'relay'";
        sqlx::query(anew).execute(&mut self.log).await.expect("checkpoints");
        let topic = self.broker.topic();
        let kafka = [
            ("KAFKA_BROKERS", topic.servers.as_str()),
            ("PROPERTYOS_KAFKA_TOPIC", topic.topic.as_str()),
        ];
        let relay = self.installation.start(&["relay"], &kafka).await;
        let ended = self.at_the_end().await;
        let begun = relay.logged("relays a shard");
        let begun = begun
            .iter()
            .filter_map(|line| line["timestamp"].as_str()?.parse::<DateTime<Utc>>().ok());
        let begun = begun.min().expect("a relay that says when it begins");
        assert!(relay.stop().await.success(), "it stops in order");
        (topic, (ended - begun).to_std().expect("an end after the beginning"))
    }

    /// When the checkpoints had come to the log's end.
    async fn at_the_end(&mut self) -> DateTime<Utc> {
        let relayed = "SELECT clock_timestamp() WHERE (SELECT sum(position)::bigint FROM checkpoints WHERE projection = 'relay') = $1";
        let until = Instant::now() + LIMIT;
        loop {
            let now = sqlx::query_scalar(relayed)
                .bind(i64::try_from(self.events).expect("a count"))
                .fetch_optional(&mut self.log)
                .await
                .expect("checkpoints");
            if let Some(now) = now {
                return now;
            }
            assert!(Instant::now() < until, "the relay doesn't come to the end in time");
            sleep(LOOK_EVERY).await;
        }
    }
}

#[async_trait]
impl Contestant for Relay {
    fn name(&self) -> String {
        "relay".into()
    }

    async fn turn(&mut self, _clients: u32, _lasting: Duration) -> Turn {
        let (_, took) = self.timed().await;
        all_in(self.events, took)
    }
}

/// An idempotent producer, set as the relay's is, that streams from memory and waits for nothing but room and the end.
struct Streaming {
    broker: Arc<TestBroker>,
    messages: Arc<[OwnedMessage]>,
}

#[async_trait]
impl Contestant for Streaming {
    fn name(&self) -> String {
        "librdkafka's idempotent producer, the same messages from memory".into()
    }

    async fn turn(&mut self, _clients: u32, _lasting: Duration) -> Turn {
        let topic = self.broker.topic();
        topic.create_topic().await.expect("a topic");
        let messages = self.messages.clone();
        let sent = messages.len();
        let took = spawn_blocking(move || stream(&topic, &messages)).await;
        all_in(sent, took.expect("a broker that takes it all"))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of events")]
fn all_in(events: usize, took: Duration) -> Turn {
    Turn {
        per_second: events as f64 / took.as_secs_f64(),
        ..Turn::default()
    }
}

fn stream(topic: &Broker, messages: &[OwnedMessage]) -> Duration {
    let acknowledged = Acknowledged::default();
    let producer: BaseProducer<Acknowledged> = producer_settings(topic)
        .create_with_context(acknowledged.clone())
        .expect("a producer");
    // The client takes each message's headers for its own; a copy is not its work.
    let headers: Vec<_> = messages.iter().map(|message| message.headers().cloned()).collect();
    let begun = Instant::now();
    for (number, (message, headers)) in messages.iter().zip(headers).enumerate() {
        let mut record = BaseRecord::to(&topic.topic)
            .partition(message.partition())
            .key(message.key().expect("a key"))
            .payload(message.payload().expect("a value"))
            .timestamp(message.timestamp().to_millis().expect("a time"));
        record.headers = headers;
        while let Err((error, refused)) = producer.send(record) {
            let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
            assert_eq!(error, full, "what else can be wrong");
            producer.poll(LOOK_EVERY);
            record = refused;
        }
        if number % RUN == 0 {
            producer.poll(Duration::ZERO);
        }
    }
    producer.flush(LIMIT).expect("a broker that takes it all");
    let took = begun.elapsed();
    assert_eq!(
        acknowledged.0.load(Ordering::Relaxed),
        messages.len(),
        "all is acknowledged"
    );
    took
}

/// Counts what the broker has.
#[derive(Clone, Default)]
struct Acknowledged(Arc<AtomicUsize>);

impl ClientContext for Acknowledged {}

impl ProducerContext for Acknowledged {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_ok() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
