//! Clients that give commands one after another, and what they measured.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    store::{Attempt, Store},
    vendor::{COMMANDS_PER_VENDOR, VendorCommand},
};

/// A command that is in conflict so many times in a row is stuck: the run fails.
const MAX_ATTEMPTS: u32 = 10_000;

/// How much is asked of a peer.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many clients ask at once.
    pub clients: u32,
    /// For how long before time is taken.
    pub warm_up: Duration,
    /// For how long. The commands under way at the end are finished, and counted.
    pub duration: Duration,
    /// With how many connections, if not with as many as suit the peer.
    pub connections: Option<u32>,
}

/// What a peer did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    peer: String,
    clients: u32,
    commands: usize,
    seconds: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Puts a load on a peer.
///
/// # Errors
/// Fails with the first command that failed.
pub async fn run<S: Store>(peer: &str, database: PgConnectOptions, load: Load) -> Result<Report> {
    let connections = load.connections.unwrap_or(load.clients.min(S::MAX_CONNECTIONS));
    let store = Arc::new(S::open(database, connections).await?);
    put(&store, load.clients, load.warm_up).await?;
    let start = Instant::now();
    let (mut latencies, conflicts) = put(&store, load.clients, load.duration).await?;
    let seconds = start.elapsed().as_secs_f64();
    ensure!(!latencies.is_empty(), "no command was finished");
    latencies.sort_unstable();
    if conflicts > 0 {
        eprintln!(
            "{peer}: {conflicts} attempts at {} commands were in conflict and repeated",
            latencies.len()
        );
    }
    Ok(Report {
        peer: peer.into(),
        clients: load.clients,
        commands: latencies.len(),
        seconds,
        p50_ms: milliseconds(percentile(&latencies, 50)),
        p99_ms: milliseconds(percentile(&latencies, 99)),
    })
}

/// All clients at work: how long each command took, and how many attempts were in conflict.
async fn put<S: Store>(store: &Arc<S>, clients: u32, duration: Duration) -> Result<(Vec<Duration>, u64)> {
    let conflicts = Arc::new(AtomicU64::new(0));
    let end = Instant::now() + duration;
    let mut all = JoinSet::new();
    for _ in 0..clients {
        all.spawn(client(Arc::clone(store), end, Arc::clone(&conflicts)));
    }
    let mut latencies = Vec::new();
    while let Some(client) = all.join_next().await {
        latencies.append(&mut client??);
    }
    Ok((latencies, conflicts.load(Ordering::Relaxed)))
}

/// Gives commands until the time is over, on vendors of its own: how long each took, conflicts included.
async fn client<S: Store>(store: Arc<S>, end: Instant, conflicts: Arc<AtomicU64>) -> Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    loop {
        let vendor_id = Uuid::new_v4();
        for place in 0..COMMANDS_PER_VENDOR {
            let start = Instant::now();
            if start >= end {
                return Ok(latencies);
            }
            let attempts = commit(&*store, VendorCommand::nth(vendor_id, place)).await?;
            conflicts.fetch_add(u64::from(attempts - 1), Ordering::Relaxed);
            latencies.push(start.elapsed());
        }
    }
}

/// Tries a command until it is committed: how many times.
///
/// # Errors
/// Fails with the command, or if it is stuck.
pub async fn commit<S: Store>(store: &S, command: VendorCommand) -> Result<u32> {
    for attempt in 1..=MAX_ATTEMPTS {
        match store.execute(command.clone()).await? {
            Attempt::Committed => return Ok(attempt),
            Attempt::Conflict => {}
        }
    }
    bail!("{MAX_ATTEMPTS} conflicts in a row: {command:?}")
}

/// By nearest rank, of at least one sorted duration.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1]
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_duration_that_so_many_of_a_hundred_keep_to() {
        let hundred: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&hundred, 50), Duration::from_millis(50));
        assert_eq!(percentile(&hundred, 99), Duration::from_millis(99));
        assert_eq!(percentile(&hundred[..1], 99), Duration::from_millis(1));
        assert_eq!(percentile(&hundred[..2], 99), Duration::from_millis(2));
    }
}
