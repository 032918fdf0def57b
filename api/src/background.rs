//! What a process does in the background: it projects, keeps a search index, relays, lets time pass. Each is started by its own
//! method; a process is what it started.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use projections::search::{Library, Node, SEARCH, parked_in};
use sqlx::PgPool;
use store::personal::PersonalData;
use streams::{
    Feed, LogSource, Progress, Projection, Reader, Runner, Settings, Telemetry,
    kafka::{Broker, KafkaSource, SourceTelemetry},
    relay::{self, Relay, RelayTelemetry},
};
use tokio::{runtime::Handle, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{clock, config::Config, installation::Connected, ticker::Ticker};

/// How long a topic may be silent before the log is asked whether it is right: well below how long a read waits by default for
/// what its caller has just written.
const PATIENCE: Duration = Duration::from_secs(1);

/// A transaction may stand still for so long, however short the leases: a busy machine does.
const SHORTEST_TRANSACTION: Duration = Duration::from_secs(10);

/// What understands events: it opens the personal data in them.
#[must_use]
pub fn reader(stream: &PgPool, personal: &PersonalData) -> Reader {
    Reader::new(stream.clone(), personal.clone())
}

/// What this process does in the background, at work.
pub struct Background {
    /// How far its read models have come.
    pub progress: Arc<Progress>,
    /// How its projectors fare.
    pub telemetry: Telemetry,
    /// What its source tells of itself, if it reads Kafka.
    pub source: Option<SourceTelemetry>,
    /// How its relay fares, if it is one.
    pub relay: Option<RelayTelemetry>,
    /// Where its search index is, if it keeps one.
    pub index: Option<PathBuf>,
    /// Where this process answers.
    place: String,
    stream: PgPool,
    broker: Option<Broker>,
    reader: Reader,
    /// What its projectors and its index read, once there are any.
    feed: Option<Arc<Feed>>,
    settings: Settings,
    stop: CancellationToken,
    tasks: JoinSet<anyhow::Result<()>>,
}

impl Background {
    /// Nothing yet, in a process that answers at this URL.
    #[must_use]
    pub fn new(config: &Config, connected: &Connected, place: &str) -> Self {
        let stream = connected.pools.stream.clone();
        Self {
            progress: Arc::default(),
            telemetry: Telemetry::default(),
            source: None,
            relay: None,
            index: None,
            place: place.to_owned(),
            reader: reader(&stream, &connected.personal),
            stream,
            broker: config.broker(),
            feed: None,
            settings: Settings {
                lease: config.lease.0,
                transaction: config.lease.0.max(SHORTEST_TRANSACTION),
                ..Settings::default()
            },
            stop: CancellationToken::new(),
            tasks: JoinSet::new(),
        }
    }

    /// What its readers share: the topic if there is a broker, else the log.
    fn feed(&mut self) -> anyhow::Result<Arc<Feed>> {
        if let Some(feed) = &self.feed {
            return Ok(feed.clone());
        }
        let (stream, reader) = (self.stream.clone(), self.reader.clone());
        let feed = match &self.broker {
            Some(broker) => {
                let telemetry = SourceTelemetry::default();
                self.source = Some(telemetry.clone());
                let topic = KafkaSource::new(stream, broker, PATIENCE, telemetry).context("the topic can't be read")?;
                Feed::new(topic, reader)
            }
            None => Feed::new(LogSource::new(stream), reader),
        };
        Ok(self.feed.insert(Arc::new(feed)).clone())
    }

    /// Streams the log to Kafka, in the shards that no other process holds.
    ///
    /// # Errors
    /// Without a broker.
    pub fn relay(&mut self) -> anyhow::Result<()> {
        let broker = self
            .broker
            .clone()
            .context("`kafka_brokers` is not set, and without them there is nothing to stream to")?;
        let settings = relay::Settings {
            lease: self.settings.lease,
            ..relay::Settings::default()
        };
        let telemetry = RelayTelemetry::default();
        self.relay = Some(telemetry.clone());
        let relay = Relay::new(self.stream.clone(), broker, settings).with_telemetry(telemetry);
        let relaying = relay.run(self.stop.clone());
        self.tasks.spawn(async { relaying.await.context("the relay stopped") });
        Ok(())
    }

    /// Keeps these read models up to date, in the shards that no other process holds.
    ///
    /// # Errors
    /// Settings that Kafka's client refuses.
    pub fn project(&mut self, read_models: Vec<Arc<dyn Projection>>) -> anyhow::Result<()> {
        let runner = Runner::new(self.stream.clone(), self.feed()?, read_models, self.settings)
            .with_telemetry(self.telemetry.clone())
            .with_progress(self.progress.clone());
        let projecting = runner.run(self.stop.clone());
        self.tasks
            .spawn(async { projecting.await.context("the projectors stopped") });
        Ok(())
    }

    /// Keeps the search index in this folder up to date, and tells how far it is. Returns what answers searches.
    ///
    /// # Errors
    /// An index that can't be opened, is another process's, or is not of this log.
    pub async fn search(&mut self, index: &Path) -> anyhow::Result<Library> {
        let node = Node::open(index).with_context(|| {
            format!(
                "the search index in {} can't be used; a process that shares its data folder with another needs a \
                 `search_dir` of its own",
                index.display()
            )
        })?;
        node.check(&self.stream).await.with_context(|| {
            format!(
                "the search index in {} is of another log; remove it, and it is built anew",
                index.display()
            )
        })?;
        let library = node.library();
        let (feed, progress, stop) = (self.feed()?, self.progress.clone(), self.stop.clone());
        // Writing the index blocks.
        self.on_a_thread(
            move || async move { node.run(feed, progress, stop).await.context("the search index stopped") },
        );
        let node = streams::node::Node {
            stream: self.stream.clone(),
            holder: clock::new_correlation_id(),
            projection: SEARCH,
            place: self.place.clone(),
            progress: self.progress.clone(),
            telemetry: self.telemetry.clone(),
            lasting: self.settings.lease,
        };
        let (folder, stop) = (index.to_owned(), self.stop.clone());
        self.tasks.spawn(async move {
            node.tell(|| parked(&folder), stop).await;
            Ok(())
        });
        self.index = Some(index.to_owned());
        Ok(library)
    }

    /// Lets time pass for every organization, while no other process does.
    pub fn tick(&mut self, config: &Config, connected: &Connected) {
        let ticker = Ticker::new(connected, self.settings.lease, config.tick_every.0);
        let stop = self.stop.clone();
        // The compiler can't prove that a tick may move from one thread to another.
        self.on_a_thread(move || async move {
            ticker.run(stop).await;
            Ok(())
        });
    }

    /// Begins to do something on a thread of its own.
    fn on_a_thread<F: Future<Output = anyhow::Result<()>>>(&mut self, work: impl FnOnce() -> F + Send + 'static) {
        let runtime = Handle::current();
        self.tasks.spawn_blocking(move || runtime.block_on(work()));
    }

    /// Waits until something of it has ended, which nothing does before it is told to.
    ///
    /// # Errors
    /// Why it ended.
    pub async fn ended(&mut self) -> anyhow::Result<()> {
        match self.tasks.join_next().await {
            None => std::future::pending().await,
            Some(ended) => ended.context("something in the background panicked")?,
        }
    }

    /// Tells all of it to end, and waits until it has.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            if let Ok(Err(error)) = ended {
                tracing::error!(error = format!("{error:#}"), "did not end in order");
            }
        }
    }
}

impl Drop for Background {
    /// What was begun ends also if the process fails before anybody waits for it.
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// How many organizations stand still in an index. One that can't be read is its own process's trouble, and logged there.
fn parked(index: &Path) -> i64 {
    parked_in(index).map_or(0, |parked| i64::try_from(parked.len()).unwrap_or(i64::MAX))
}
