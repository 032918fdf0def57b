//! The source that reads the topic, and the log where the topic doesn't go on.

use std::{
    array,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use rdkafka::{ClientConfig, Message, consumer::StreamConsumer, error::KafkaError, message::BorrowedMessage};
use schemas::{Cursor, SHARDS};
use sqlx::PgPool;
use tokio::{
    runtime::Handle,
    select,
    sync::{Notify, watch},
    task::spawn_blocking,
    time::{Instant, sleep},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{debug, info, warn};

use super::{
    Broker, SourceTelemetry,
    front::{Front, Looked, Received, Taken},
    message,
};
use crate::{Batch, Fault, Limit, LogSource, Source, SourceError, log::Epochs};

/// How much may wait here for readers, in bytes of payload; more is left to the broker.
const WAITING_BYTES: usize = 32 << 20;

/// How long to wait after an error of the client before it is asked again.
const PAUSE: Duration = Duration::from_millis(100);

/// Reads the topic; each shard only from where it goes on from what was read before, and the log until then. An offset is
/// never kept: it is looked for, and what is found there tells whether it was right.
pub struct KafkaSource {
    log: LogSource,
    shared: Arc<Shared>,
    /// How long the topic may be silent before the log is asked whether there is more.
    patience: Duration,
    _work: DropGuard,
}

pub(super) struct Shared {
    pub stream: PgPool,
    pub topic: String,
    pub client: ClientConfig,
    pub consumer: watch::Sender<Arc<StreamConsumer>>,
    state: Mutex<State>,
    /// Something may be ready for readers.
    hint: watch::Sender<()>,
    /// Readers have taken something.
    pub drained: Notify,
    pub telemetry: SourceTelemetry,
}

pub(super) struct State {
    pub fronts: [Front; SHARDS as usize],
    /// The topic is another log's.
    fault: Option<Fault>,
    /// The client has lost its way, as after a topic was made anew under the same name: another one is to take its place.
    pub lost: bool,
}

impl KafkaSource {
    /// Reads the topic of this broker, and the log with the stream role's connections. A topic that is silent for longer than
    /// `patience` isn't trusted: the log is asked.
    ///
    /// # Errors
    /// Settings that the client refuses. A broker that doesn't answer is none: the log is read until it does.
    pub fn new(
        stream: PgPool,
        broker: &Broker,
        patience: Duration,
        telemetry: SourceTelemetry,
    ) -> Result<Self, KafkaError> {
        let mut config = broker.client();
        config
            // Partitions are assigned by hand; the client wants a group's name all the same.
            .set("group.id", "propertyos")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            // A shard that is joined is asked for when the request before it ends.
            .set("fetch.wait.max.ms", "100")
            .set("fetch.error.backoff.ms", "100")
            .set("queued.max.messages.kbytes", "4096");
        let shared = Arc::new(Shared {
            topic: broker.topic.clone(),
            consumer: watch::Sender::new(Arc::new(config.create()?)),
            client: config,
            state: Mutex::new(State {
                fronts: array::from_fn(|_| Front::default()),
                fault: None,
                lost: false,
            }),
            hint: watch::Sender::new(()),
            drained: Notify::new(),
            stream: stream.clone(),
            telemetry,
        });
        let log = LogSource::new(stream);
        let stop = CancellationToken::new();
        let work = {
            let (shared, hints) = (shared.clone(), log.hints());
            async move { tokio::join!(shared.keep_joining(), shared.pass_on(hints)) }
        };
        tokio::spawn(stop.clone().run_until_cancelled_owned(work));
        // On a thread of its own: a poll of the client that doesn't return must not hold those who read the log meanwhile.
        let receiving = {
            let shared = shared.clone();
            stop.clone()
                .run_until_cancelled_owned(async move { shared.receive_all().await })
        };
        let runtime = Handle::current();
        thread::Builder::new()
            .name("topic".to_owned())
            .spawn(move || runtime.block_on(receiving))
            .map_err(|error| KafkaError::ClientCreation(error.to_string()))?;
        Ok(Self {
            log,
            shared,
            patience,
            _work: stop.drop_guard(),
        })
    }

    /// What the topic has for these cursors, and those for which the log is to be asked.
    fn read_topic(&self, cursors: &[Cursor], limit: Limit) -> Result<(Vec<Batch>, Vec<Cursor>), Fault> {
        let (mut batches, mut others) = (Vec::new(), Vec::new());
        let now = Instant::now();
        let mut state = self.shared.state();
        if let Some(fault) = &state.fault {
            return Err(fault.clone());
        }
        for cursor in cursors {
            match state.fronts[cursor.shard.index()].take(*cursor, limit, now, self.patience) {
                Taken::Events(events) => {
                    self.shared.telemetry.read_in_topic(events.len());
                    batches.push(Batch {
                        shard: cursor.shard,
                        events,
                    });
                }
                Taken::Wait => {}
                Taken::AskLog => others.push(*cursor),
            }
        }
        Ok((batches, others))
    }

    async fn read_log(&mut self, cursors: &[Cursor], limit: Limit) -> Result<Vec<Batch>, SourceError> {
        let batches = self.log.fetch(cursors, limit).await?;
        let mut state = self.shared.state();
        for cursor in cursors {
            let found = batches.iter().find(|batch| batch.shard == cursor.shard);
            self.shared
                .telemetry
                .read_in_log(found.map_or(0, |batch| batch.events.len()));
            let looked = state.fronts[cursor.shard.index()].looked(*cursor, found);
            if looked != Looked::Well {
                self.shared.telemetry.catch_ups.inc();
                warn!(shard = %cursor.shard, "the topic is silent: its shard is read from the log");
            }
            state.lost |= looked == Looked::Mute;
        }
        Ok(batches)
    }
}

#[async_trait]
impl Source for KafkaSource {
    async fn fetch(&mut self, cursors: &[Cursor], limit: Limit) -> Result<Vec<Batch>, SourceError> {
        let (mut batches, others) = self.read_topic(cursors, limit)?;
        self.shared.drained.notify_one();
        if !others.is_empty() {
            batches.extend(self.read_log(&others, limit).await?);
        }
        Ok(batches)
    }

    fn hints(&self) -> watch::Receiver<()> {
        self.shared.hint.subscribe()
    }
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what the broker sends.
    async fn receive_all(&self) {
        let mut epochs = Epochs::default();
        let mut consumers = self.consumer.subscribe();
        loop {
            while self.state().fronts.iter().map(Front::bytes).sum::<usize>() > WAITING_BYTES {
                self.drained.notified().await;
            }
            let consumer = consumers.borrow_and_update().clone();
            let received = select! {
                received = consumer.recv() => received,
                _ = consumers.changed() => {
                    retire(consumer);
                    continue;
                }
            };
            match received {
                Ok(message) => self.receive(&message, &mut epochs).await,
                Err(error) => {
                    self.failed(&error);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn receive(&self, message: &BorrowedMessage<'_>, epochs: &mut Epochs) {
        let event = match message::incoming(message) {
            Ok(event) => event,
            Err(error) => {
                self.telemetry.rubbish.inc();
                let (partition, offset) = (message.partition(), message.offset());
                return warn!(%error, partition, offset, "a message is dropped: it is no event");
            }
        };
        while !epochs.know(event.epoch) {
            if let Err(error) = epochs.load(&self.stream).await {
                debug!(%error, "the epochs of the log can't be read");
                sleep(PAUSE).await;
            } else if !epochs.know(event.epoch) {
                self.telemetry.rubbish.inc();
                return warn!(event = %event.cursor(), "a message is dropped: it is of an epoch that the log doesn't know");
            }
        }
        if !epochs.hold(event.cursor()) {
            self.telemetry.stale.inc();
            return;
        }
        let cursor = event.cursor();
        let mut state = self.state();
        match state.fronts[cursor.shard.index()].receive(event, Instant::now()) {
            Ok(Received::New) => {
                self.hint.send_replace(());
            }
            Ok(Received::Dropped) => {
                self.telemetry.duplicates.inc();
            }
            Ok(Received::Gap) => {
                self.telemetry.catch_ups.inc();
                info!(%cursor, "the topic goes on farther ahead: the shard is read from the log until it meets it");
                self.hint.send_replace(());
            }
            Err(fault) => {
                state.fault = Some(fault);
                self.hint.send_replace(());
            }
        }
    }

    /// Which partition an error is about isn't known, so all are joined anew.
    fn failed(&self, error: &KafkaError) {
        self.telemetry.failures.inc();
        if matches!(error, KafkaError::MessageConsumption(code) if is_of_place(*code)) {
            warn!(%error, "the topic isn't what it was: the log is read until it is found again");
            self.leave_all();
        } else {
            debug!(%error, "the broker fails");
        }
    }

    pub(super) fn leave_all(&self) {
        let mut state = self.state();
        for front in &mut state.fronts {
            if front.is_joined() {
                self.telemetry.catch_ups.inc();
                front.leave();
            }
        }
        self.hint.send_replace(());
    }

    /// Passes the log's hints on while a shard is read from there.
    async fn pass_on(&self, mut hints: watch::Receiver<()>) {
        while hints.changed().await.is_ok() {
            if self
                .state()
                .fronts
                .iter()
                .any(|front| front.wanted.is_some() && !front.is_joined())
            {
                self.hint.send_replace(());
            }
        }
    }
}

/// Lets go of a client on a thread that may wait: its end, if nobody else holds it, may wait for the broker.
pub(super) fn retire(consumer: Arc<StreamConsumer>) {
    drop(spawn_blocking(move || drop(consumer)));
}

/// Whether the error says that the topic, or the place in it, is gone.
fn is_of_place(code: rdkafka::types::RDKafkaErrorCode) -> bool {
    use rdkafka::types::RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::OffsetOutOfRange
            | Code::AutoOffsetReset
            | Code::UnknownTopicOrPartition
            | Code::UnknownTopic
            | Code::UnknownPartition
            | Code::UnknownTopicId
    )
}
