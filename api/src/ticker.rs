//! Lets time pass: what the clock brings each organization is decided every so often, by one process for all.

use std::{sync::Arc, time::Duration};

use commands::execute::Commands;
use domain::{clock::Progress, ids::OrganizationId, organization::Organization};
use sqlx::PgPool;
use streams::TaskLease;
use tokio::{
    select,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{clock, installation::Connected, organizations};

/// The name of the lease.
pub const TASK: &str = "tick";

/// How often to look whether the lease has become free, at least.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Lets time pass while it holds the lease. Another process that believes the same does no harm: what is due is decided under
/// command ids that are the same for whoever decides it.
pub struct Ticker {
    commands: Arc<Commands>,
    stream: PgPool,
    lease: TaskLease,
    /// How long the lease stays with a process that has gone silent.
    lasting: Duration,
    every: Duration,
}

impl Ticker {
    /// Ticks every so often; never, if that is zero.
    #[must_use]
    pub fn new(connected: &Connected, lasting: Duration, every: Duration) -> Self {
        let stream = connected.pools.stream.clone();
        Self {
            commands: connected.commands.clone(),
            lease: TaskLease::new(stream.clone(), TASK, clock::new_correlation_id()),
            stream,
            lasting,
            every,
        }
    }

    /// Runs until told to stop, and leaves the lease to others then.
    pub async fn run(self, stop: CancellationToken) {
        if self.every.is_zero() {
            return stop.cancelled().await;
        }
        while !stop.is_cancelled() {
            if stop.run_until_cancelled(self.holds()).await == Some(Some(true)) {
                tracing::info!("lets time pass from now on");
                // A tick that is cut short goes on where it was the next time.
                let _stopped = stop
                    .run_until_cancelled(async {
                        select! {
                            () = self.tick_on() => {}
                            () = self.lost() => tracing::warn!("another process lets time pass now, or may"),
                        }
                    })
                    .await;
            } else {
                let _stopped = stop.run_until_cancelled(sleep(self.pause())).await;
            }
        }
        if let Err(error) = self.lease.release().await {
            tracing::debug!(%error, "the clock is free for others only when its lease ends");
        }
    }

    fn pause(&self) -> Duration {
        LOOK_EVERY.min(self.lasting / 3)
    }

    async fn holds(&self) -> Option<bool> {
        let held = self.lease.take(self.lasting).await;
        held.inspect_err(|error| tracing::warn!(%error, "the clock's lease could not be taken or kept"))
            .ok()
    }

    /// Keeps the lease; ends when another process has it, or may have it by now.
    async fn lost(&self) {
        let mut kept = Instant::now();
        while kept.elapsed() < self.lasting {
            match self.holds().await {
                Some(true) => kept = Instant::now(),
                Some(false) => return,
                None => {}
            }
            sleep(self.pause()).await;
        }
    }

    /// Ticks at once and then every so often.
    async fn tick_on(&self) {
        let mut rhythm = interval(self.every);
        rhythm.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            rhythm.tick().await;
            match organizations::all(&self.stream).await {
                Ok(known) => {
                    for organization in known {
                        self.tick(OrganizationId(organization.id)).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "time could not pass; it is tried again"),
            }
        }
    }

    /// One organization's trouble is not another's: it is logged, and tried again the next time.
    async fn tick(&self, organization: OrganizationId) {
        let settings = match self.commands.load::<Organization>(organization, organization).await {
            Ok(loaded) => loaded.state,
            Err(error) => return tracing::warn!(%organization, %error, "time could not pass"),
        };
        // One that is suspended or closed takes no commands; its time passes once it is reinstated.
        let Ok(settings) = settings.must_be_active().and_then(|()| settings.settings()) else {
            return;
        };
        let until = Progress::at(clock::now(), settings.time_zone);
        match commands::tick::tick(&*self.commands, organization, organizations::INSTALLATION, until).await {
            Ok(items) => tracing::info!(%organization, items, "time has passed"),
            Err(error) => tracing::warn!(%organization, %error, "time could not pass"),
        }
    }
}
