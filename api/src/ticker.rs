//! Lets time pass while `serve` runs: what the clock brings each organization is decided every so often.

use std::{sync::Arc, time::Duration};

use domain::{clock::Progress, ids::OrganizationId, organization::Organization};
use streams::TaskLease;
use tokio_util::sync::CancellationToken;

use crate::{app::App, clock, organizations};

/// The name of the lease: one process at a time lets time pass, for all organizations.
const TASK: &str = "tick";

/// How much longer than its rhythm the lease is held, so that the process that has it comes first again.
const SLACK: Duration = Duration::from_mins(1);

/// Ticks at once and then every so often, until told to stop. Never, if the rhythm is zero.
pub async fn run(app: Arc<App>, every: Duration, stop: CancellationToken) {
    if every.is_zero() {
        return;
    }
    let lease = TaskLease::new(app.pools.stream.clone(), TASK, clock::new_correlation_id());
    while !stop.is_cancelled() {
        // A tick that is cut short goes on where it was the next time.
        let ticked = stop.run_until_cancelled(tick_all(&app, &lease, every + SLACK)).await;
        if let Some(Err(error)) = ticked {
            tracing::warn!(%error, "time could not pass; it is tried again");
        }
        let _stopped = stop.run_until_cancelled(tokio::time::sleep(every)).await;
    }
    if let Err(error) = lease.release().await {
        tracing::debug!(%error, "the clock is free for others only when its lease ends");
    }
}

async fn tick_all(app: &App, lease: &TaskLease, lifetime: Duration) -> Result<(), sqlx::Error> {
    if !lease.take(lifetime).await? {
        return Ok(());
    }
    for organization in organizations::all(&app.pools.stream).await? {
        tick(app, OrganizationId(organization.id)).await;
    }
    Ok(())
}

/// One organization's trouble is not another's: it is logged, and tried again the next time.
async fn tick(app: &App, organization: OrganizationId) {
    let settings = match app.commands.load::<Organization>(organization, organization).await {
        Ok(loaded) => loaded.state,
        Err(error) => return tracing::warn!(%organization, %error, "time could not pass"),
    };
    // One that is suspended or closed takes no commands; its time passes once it is reinstated.
    let Ok(settings) = settings.must_be_active().and_then(|()| settings.settings()) else {
        return;
    };
    let until = Progress::at(clock::now(), settings.time_zone);
    match commands::tick::tick(&app.commands, organization, organizations::INSTALLATION, until).await {
        Ok(items) => tracing::info!(%organization, items, "time has passed"),
        Err(error) => tracing::warn!(%organization, %error, "time could not pass"),
    }
}
