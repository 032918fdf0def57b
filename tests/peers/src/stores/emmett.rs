//! `emmett`: a library of its own language, so the load is put on it by a script in that language, which prints the report.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use tokio::process::Command;

use crate::load::{Load, Report};

/// More connections than this make it no faster.
const MAX_CONNECTIONS: u32 = 32;

/// Fetches its packages and installs its schema into an empty database.
///
/// # Errors
/// Fails with what npm or the database says.
pub async fn prepare(url: &str) -> Result<()> {
    let fetched = Command::new("npm")
        .args([
            "ci",
            "--silent",
            "--prefer-offline",
            "--no-audit",
            "--no-fund",
            "--prefix",
        ])
        .arg(folder())
        .output()
        .await?;
    ensure!(
        fetched.status.success(),
        "emmett can't be fetched: {}",
        String::from_utf8_lossy(&fetched.stderr)
    );
    script(&["prepare", url]).await.map(drop)
}

/// Puts a load on it.
///
/// # Errors
/// Fails with what the script says.
pub async fn run(url: &str, load: Load) -> Result<Report> {
    let connections = load.connections.unwrap_or(load.clients.min(MAX_CONNECTIONS));
    let [clients, connections] = [load.clients, connections].map(|number| number.to_string());
    let [warm_up, seconds] = [load.warm_up, load.duration].map(|time| time.as_secs_f64().to_string());
    let report = script(&["run", url, &clients, &warm_up, &seconds, &connections]).await?;
    Ok(serde_json::from_slice(&report)?)
}

async fn script(arguments: &[&str]) -> Result<Vec<u8>> {
    let ended = Command::new("node")
        .arg(folder().join("peer.mjs"))
        .args(arguments)
        .output()
        .await?;
    ensure!(
        ended.status.success(),
        "emmett: {}",
        String::from_utf8_lossy(&ended.stderr)
    );
    Ok(ended.stdout)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("emmett")
}
