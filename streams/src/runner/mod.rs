//! Keeps projections up to date with the log, each event's effects exactly once, however many processes do so at once.

mod step;
mod worker;
mod writer;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use sqlx::PgPool;
use tokio::{
    select,
    task::{JoinError, JoinSet},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

use crate::{
    Fault, Feed, InstallError, Lag, Limit, Progress, Projection, Telemetry, Version, checkpoint::Leases, progress,
    read_models,
};
use worker::Worker;
use writer::Writer;

/// How a runner works.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How long a shard stays with a process that has gone silent.
    pub lease: Duration,
    /// How long to wait for more when no hint comes.
    pub poll: Duration,
    /// How much to apply at once, of each shard.
    pub batch: Limit,
    /// How long the server lets a transaction stand still: a process that was stopped in one keeps others from its shards for so
    /// long.
    pub transaction: Duration,
    /// How long a stop waits for what is under way.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            poll: Duration::from_millis(250),
            batch: Limit {
                events: 1_000,
                bytes: 4 << 20,
            },
            transaction: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

impl Settings {
    /// How long to wait after so many failures in a row.
    fn backoff(&self, failures: u32) -> Duration {
        const LONGEST: Duration = Duration::from_secs(5);
        LONGEST.min(self.poll * 2_u32.saturating_pow(failures.min(8)))
    }
}

/// Why projections stopped: trying again doesn't help.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// The log isn't the one that was read before.
    #[error(transparent)]
    Fault(Fault),
    /// A read model's tables can't be made.
    #[error(transparent)]
    Install(InstallError),
    /// A task ended with a panic: a fault of this program.
    #[error("a projector panicked")]
    Panicked(#[source] JoinError),
}

/// Runs projections in the shards that it can get.
pub struct Runner {
    stream: PgPool,
    feed: Arc<Feed>,
    projections: Vec<Arc<dyn Projection>>,
    settings: Settings,
    telemetry: Telemetry,
    progress: Arc<Progress>,
}

impl Runner {
    /// Runs these projections with the events of this feed.
    #[must_use]
    pub fn new(stream: PgPool, feed: Arc<Feed>, projections: Vec<Arc<dyn Projection>>, settings: Settings) -> Self {
        Self {
            stream,
            feed,
            projections,
            settings,
            telemetry: Telemetry::default(),
            progress: Arc::default(),
        }
    }

    /// Tells its health and metrics here.
    #[must_use]
    pub fn with_telemetry(mut self, telemetry: Telemetry) -> Self {
        for projection in &self.projections {
            telemetry.update(Version::of(&**projection), |_| {});
        }
        self.telemetry = telemetry;
        self
    }

    /// Tells its progress here, for those who wait for it.
    #[must_use]
    pub fn with_progress(mut self, progress: Arc<Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// Runs until told to stop. It makes the read models that are missing, works on whatever shards no other process holds, and
    /// leaves them to others at the end.
    ///
    /// # Errors
    /// What trying again doesn't mend: then every projection stops.
    pub async fn run(self, stop: CancellationToken) -> Result<(), RunnerError> {
        // Stops the others when one of them fails.
        let stop = stop.child_token();
        let leases = Leases::new(self.stream.clone(), holder(), self.settings.lease);
        let mut workers = JoinSet::new();
        for projection in &self.projections {
            let worker = self.worker(projection.clone(), leases.clone());
            workers.spawn(worker.run(stop.clone()));
        }
        let grace = self.settings.grace;
        let house = stop.clone().run_until_cancelled_owned(self.keep_house(leases.clone()));
        let house = tokio::spawn(house);
        let ended = supervise(workers, &stop, grace).await;
        // Nothing may renew them after they were left.
        let _kept = house.await;
        if let Ok(Ok(())) = timeout(grace, leases.release()).await {
            info!("left all shards to others");
        } else {
            warn!("the shards are free for others only when their leases end");
        }
        ended
    }

    fn worker(&self, projection: Arc<dyn Projection>, leases: Leases) -> Worker {
        let version = Version::of(&*projection);
        Worker {
            projection,
            version,
            stream: self.stream.clone(),
            feed: self.feed.clone(),
            leases,
            writer: Writer::new(self.stream.clone(), self.settings.transaction),
            settings: self.settings,
            telemetry: self.telemetry.clone(),
            progress: self.progress.clone(),
            installed: false,
            held: BTreeMap::new(),
            next_take: Instant::now(),
        }
    }

    /// Keeps the leases, measures, and lets a version that was built beside an older one take its place.
    async fn keep_house(self, leases: Leases) {
        loop {
            if let Err(error) = self.keep_house_once(&leases).await {
                warn!(%error, "the leases may not be renewed");
            }
            sleep(self.settings.lease / 3).await;
        }
    }

    async fn keep_house_once(&self, leases: &Leases) -> Result<(), sqlx::Error> {
        leases.renew().await?;
        let lags = progress::lag(&self.stream).await?;
        for projection in &self.projections {
            let version = Version::of(&**projection);
            let of_this = |lag: &&Lag| lag.projection == version.projection && lag.version == version.number;
            if let Some(lag) = lags.iter().find(of_this) {
                self.telemetry.lag(version, lag);
                if lag.events == 0 && !lag.active && read_models::supersede(&self.stream, version).await? {
                    info!(projection = %version, "answers queries from now on");
                }
            }
        }
        Ok(())
    }
}

/// A name for this process among all that ever held a lease.
fn holder() -> Uuid {
    #[expect(clippy::disallowed_methods, reason = "it stands in no event and no read model")]
    Uuid::now_v7()
}

/// Waits until all workers have ended: when told to stop, or when one fails, which stops the others.
async fn supervise(
    mut workers: JoinSet<Result<(), RunnerError>>,
    stop: &CancellationToken,
    grace: Duration,
) -> Result<(), RunnerError> {
    let mut first_failure = Ok(());
    let mut out_of_patience = std::pin::pin!(async {
        stop.cancelled().await;
        sleep(grace).await;
    });
    let mut patient = true;
    loop {
        select! {
            () = &mut out_of_patience, if patient => {
                // A server that doesn't answer must not keep the process from ending; what is under way is rolled back.
                patient = false;
                workers.abort_all();
            }
            ended = workers.join_next() => {
                let ended = match ended {
                    None => return first_failure,
                    Some(Ok(ended)) => ended,
                    Some(Err(error)) if error.is_cancelled() => Ok(()),
                    Some(Err(error)) => Err(RunnerError::Panicked(error)),
                };
                if ended.is_err() {
                    stop.cancel();
                    first_failure = first_failure.and(ended);
                }
            }
        }
    }
}
