//! Streams the log to Kafka.
//!
//! Invariants: in each partition a relay sends an unbroken run of its shard's events, beginning right behind a checkpoint; and
//! the checkpoint moves only over what the broker has acknowledged, under the fence of whoever holds the shard. So, however
//! many relays send, are killed or stand still, the topic holds every event up to the checkpoint, and a reader that takes only
//! the next position reads the log.

mod lane;
mod run;
mod sender;
mod telemetry;

use std::time::Duration;

use rdkafka::error::KafkaError;
use sqlx::PgPool;
use tokio::{
    select,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::{error, info, warn};
use uuid::Uuid;

use crate::{
    Fault, Limit, SourceError, Version,
    checkpoint::Leases,
    kafka::{Broker, TopicError},
    progress,
};
use run::Run;
pub use telemetry::RelayTelemetry;

/// Under this name the relay has its checkpoints and leases.
pub(crate) const VERSION: Version = Version {
    projection: "relay",
    number: 1,
};

/// How a relay works.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long a shard stays with a process that has gone silent.
    pub lease: Duration,
    /// How long to wait for more when no hint comes.
    pub poll: Duration,
    /// How much to read at once, of each shard.
    pub batch: Limit,
    /// How often to write down how far the broker has acknowledged.
    pub checkpoint_every: Duration,
    /// How much may be under way to the broker, in bytes, before more is read.
    pub in_flight: usize,
    /// How long a stop waits for what is under way.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            poll: Duration::from_millis(250),
            batch: Limit {
                events: 2_000,
                bytes: 1 << 20,
            },
            checkpoint_every: Duration::from_millis(200),
            in_flight: 32 << 20,
            grace: Duration::from_secs(5),
        }
    }
}

/// Why the relay stopped: trying again doesn't help.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The log isn't the one that was relayed before.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The topic can't hold the log.
    #[error(transparent)]
    Topic(TopicError),
}

/// Why a relay begins anew at its checkpoints.
enum Failure {
    /// Try again.
    Passing(String),
    /// Never mind trying.
    Final(RelayError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Passing(error.to_string())
    }
}

impl From<KafkaError> for Failure {
    fn from(error: KafkaError) -> Self {
        Self::Passing(error.to_string())
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Unavailable(error) => Self::Passing(error.to_string()),
            SourceError::Fault(fault) => Self::Final(RelayError::Fault(fault)),
        }
    }
}

impl From<TopicError> for Failure {
    fn from(error: TopicError) -> Self {
        match error {
            TopicError::Broker(error) => Self::Passing(error.to_string()),
            TopicError::Partitions { .. } => Self::Final(RelayError::Topic(error)),
        }
    }
}

/// Streams the shards that it can get to the topic.
pub struct Relay {
    stream: PgPool,
    broker: Broker,
    settings: Settings,
    telemetry: RelayTelemetry,
}

impl Relay {
    /// Relays with the stream role's connections to the topic of this broker.
    #[must_use]
    pub fn new(stream: PgPool, broker: Broker, settings: Settings) -> Self {
        Self {
            stream,
            broker,
            settings,
            telemetry: RelayTelemetry::default(),
        }
    }

    /// Tells its health and metrics here.
    #[must_use]
    pub fn with_telemetry(mut self, telemetry: RelayTelemetry) -> Self {
        self.telemetry = telemetry;
        self
    }

    /// Runs until told to stop: sends what is under way, as far as the broker takes it in time, and leaves its shards to others.
    ///
    /// # Errors
    /// What trying again doesn't mend.
    pub async fn run(self, stop: CancellationToken) -> Result<(), RelayError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "it names this process; it stands in no event and no read model"
        )]
        let leases = Leases::new(self.stream.clone(), Uuid::now_v7(), self.settings.lease);
        // Beside the relay, which may have more to send than a lease lasts: both in one task would wait for each other.
        let house = AbortOnDropHandle::new(tokio::spawn(self.keep_house(leases.clone())));
        let ended = self.relay(&leases, &stop).await;
        drop(house);
        if let Ok(Ok(())) = timeout(self.settings.grace, leases.release()).await {
            info!("left all shards of the topic to others");
        } else {
            warn!("the shards of the topic are free for others only when their leases end");
        }
        ended
    }

    /// Begins anew at the checkpoints whenever something failed.
    async fn relay(&self, leases: &Leases, stop: &CancellationToken) -> Result<(), RelayError> {
        let mut failures = 0_u32;
        loop {
            let (reason, worked) = match self.begin(leases, stop).await {
                Ok(mut run) => {
                    let ended = select! {
                        ended = run.go_on() => ended,
                        // A server that doesn't answer must not keep the process from ending.
                        () = self.patience_after(stop) => Ok(()),
                    };
                    let worked = run.end().await;
                    match ended {
                        Ok(()) => return Ok(()),
                        Err(failure) => (failure, worked),
                    }
                }
                Err(failure) => (failure, false),
            };
            if stop.is_cancelled() {
                return Ok(());
            }
            let reason = match reason {
                Failure::Passing(reason) => reason,
                Failure::Final(reason) => {
                    error!(%reason, "the relay stops");
                    self.telemetry.stopped(&reason);
                    return Err(reason);
                }
            };
            failures = if worked { 1 } else { failures + 1 };
            warn!(reason, "the relay begins again at its checkpoints");
            // Another relay may fare better.
            if let Err(error) = leases.release().await {
                warn!(%error, "its shards are free for others only when their leases end");
            }
            self.telemetry.failed(reason);
            let pause = (self.settings.poll * failures.min(20)).min(Duration::from_secs(5));
            let _stopped = stop.run_until_cancelled(sleep(pause)).await;
        }
    }

    async fn begin<'a>(&'a self, leases: &'a Leases, stop: &'a CancellationToken) -> Result<Run<'a>, Failure> {
        step_back(&self.stream).await?;
        self.broker.create_topic().await?;
        Ok(Run::new(self, leases, stop)?)
    }

    async fn patience_after(&self, stop: &CancellationToken) {
        stop.cancelled().await;
        sleep(self.settings.grace).await;
    }

    /// Keeps the leases and measures, also while the broker stands still.
    fn keep_house(&self, leases: Leases) -> impl Future<Output = ()> + use<> {
        let (stream, telemetry, pause) = (self.stream.clone(), self.telemetry.clone(), self.settings.lease / 3);
        async move {
            loop {
                let kept = async {
                    leases.renew().await?;
                    progress::behind(&stream, VERSION).await
                };
                match kept.await {
                    Ok((events, seconds)) => telemetry.lag(events, seconds),
                    Err(error) => warn!(%error, "the relay's leases may not be renewed"),
                }
                sleep(pause).await;
            }
        }
    }
}

/// After the log was restored, what lies beyond the last event that survived was relayed in an older life of it: the relay goes
/// on behind that event, and readers drop what the topic has of the older life.
async fn step_back(stream: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE checkpoints c
            SET epoch = coalesce(e.epoch, 1), position = s.survived, event_id = e.event_id, fence = c.fence + 1
           FROM (SELECT shard, epoch, min(survived) OVER (PARTITION BY shard ORDER BY epoch DESC) AS survived FROM epochs) s
           LEFT JOIN events e ON e.shard = s.shard AND e.position = s.survived
          WHERE c.projection = $1 AND c.version = $2 AND s.shard = c.shard
            AND s.epoch = c.epoch + 1 AND c.position > s.survived",
    )
    .bind(VERSION.projection)
    .bind(VERSION.number_in_database())
    .execute(stream)
    .await
    .map(drop)
}
