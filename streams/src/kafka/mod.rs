//! The topic that mirrors the log: one partition for each shard.

mod front;
mod joining;
mod keeping;
mod message;
mod source;
mod telemetry;

use std::time::Duration;

use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::DefaultClientContext,
    error::KafkaError,
    types::RDKafkaErrorCode,
};
use schemas::SHARDS;

pub(crate) use message::outgoing;
pub use source::KafkaSource;
pub use telemetry::SourceTelemetry;

/// How long the broker has to answer what a process asks it in passing.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The largest message, in bytes: far above the largest envelope that the log takes.
const LARGEST_MESSAGE: usize = 2 << 20;

/// Where the topic is and how it is kept.
#[derive(Debug, Clone)]
pub struct Broker {
    /// Addresses to begin with, as `host:port,host:port`.
    pub servers: String,
    /// The topic's name.
    pub topic: String,
    /// How long the topic keeps an event, by the time at which the log took it. For topics that aren't there yet.
    pub retention: Duration,
    /// How many brokers keep each event. For topics that aren't there yet.
    pub replication: u16,
}

/// The topic can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// The broker didn't do it. Try again.
    #[error("the topic can't be made: {0}")]
    Broker(#[from] KafkaError),
    /// It was made by other hands.
    #[error("the topic {topic} has {found} partitions instead of one for each of the log's {SHARDS} shards")]
    Partitions {
        /// Which.
        topic: String,
        /// How many it has.
        found: usize,
    },
}

impl Broker {
    /// What every client of the broker is set to.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.servers)
            .set("client.id", "propertyos")
            // The topic has its partitions from us, never from a broker's defaults.
            .set("allow.auto.create.topics", "false")
            .set("socket.keepalive.enable", "true")
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000")
            .set("topic.metadata.refresh.fast.interval.ms", "100");
        config
    }

    /// What a client that writes the topic is set to.
    pub(crate) fn producer(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // None: one that is given up leaves a hole, behind which others may already lie.
            .set("message.timeout.ms", "0")
            // The topic was made before there is a producer: if the broker has since lost it, half a minute would pass until the
            // producer believed that, and the relay made it anew.
            .set(
                "topic.metadata.propagation.max.ms",
                ANSWER_WITHIN.as_millis().to_string(),
            )
            .set("message.max.bytes", LARGEST_MESSAGE.to_string())
            .set("linger.ms", "2")
            .set("compression.type", "lz4")
            // Above what is ever under way, so that the queue is never full.
            .set("queue.buffering.max.messages", "10000000")
            .set("queue.buffering.max.kbytes", "2097151");
        config
    }

    /// Makes the topic, unless it is there.
    ///
    /// # Errors
    /// A broker that doesn't answer in time; a topic with another number of partitions.
    pub async fn create_topic(&self) -> Result<(), TopicError> {
        let admin: AdminClient<DefaultClientContext> = self.client().create()?;
        let (retention, largest) = (self.retention.as_millis().to_string(), LARGEST_MESSAGE.to_string());
        let replication = TopicReplication::Fixed(i32::from(self.replication));
        let topic = NewTopic::new(&self.topic, i32::from(SHARDS), replication)
            .set("retention.ms", &retention)
            .set("max.message.bytes", &largest)
            .set("message.timestamp.type", "CreateTime")
            // The log's clock is right, also where the broker's differs from it.
            .set("message.timestamp.after.max.ms", "9223372036854775807")
            .set("cleanup.policy", "delete");
        let options = AdminOptions::new()
            .request_timeout(Some(ANSWER_WITHIN))
            .operation_timeout(Some(ANSWER_WITHIN));
        let made = admin.create_topics([&topic], &options).await;
        let result = match made.map(|made| made.into_iter().next()) {
            Ok(None | Some(Ok(_))) => Ok(()),
            Ok(Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists)))) => return self.check_partitions(admin).await,
            Ok(Some(Err((_, code)))) => Err(KafkaError::AdminOp(code).into()),
            Err(error) => Err(error.into()),
        };
        // Its end waits for a thread.
        blocking(move || {
            drop(admin);
            Ok(())
        })
        .await?;
        result
    }

    async fn check_partitions(&self, admin: AdminClient<DefaultClientContext>) -> Result<(), TopicError> {
        let topic = self.topic.clone();
        let asked = blocking(move || {
            let metadata = admin.inner().fetch_metadata(Some(&topic), ANSWER_WITHIN)?;
            Ok(metadata.topics().iter().map(|topic| topic.partitions().len()).sum())
        });
        match asked.await? {
            found if found == usize::from(SHARDS) => Ok(()),
            // One that was made a moment ago may not show any yet.
            0 => Err(KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownTopicOrPartition).into()),
            found => Err(TopicError::Partitions {
                topic: self.topic.clone(),
                found,
            }),
        }
    }
}

/// Waits for one of the client's calls that block, on a thread for such.
pub(crate) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, KafkaError> + Send + 'static,
) -> Result<T, KafkaError> {
    match tokio::task::spawn_blocking(call).await {
        Ok(result) => result,
        Err(_cancelled) => Err(KafkaError::Canceled),
    }
}
