//! `propertyos parked`

use std::{path::Path, time::Duration};

use clap::Subcommand;
use projections::search::{self, Retry, SEARCH};
use serde_json::{Value, json};
use streams::parked::{self, Parked, Retried};
use uuid::Uuid;

use super::beside;
use crate::{background, config::Config, installation::Connected};

/// How many events one transaction of a retry applies.
const STEP: u32 = 500;

/// How long the process that keeps the search index may take to try again.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists the events at which a sequence of a read model stands still, the search index of this node included.
    List,
    /// Shows what stands still at one of them, whole.
    Show {
        /// The event, as the list names it.
        event: Uuid,
    },
    /// Applies what stands still, from that event on, in every read model that stopped there.
    Retry {
        /// The event, as the list names it; all of them without.
        event: Option<Uuid>,
    },
}

pub async fn run(command: Command, settings: Config) -> anyhow::Result<()> {
    beside(&settings, "parked", async |installation, connected| {
        let index = installation.search_folder()?;
        match command {
            Command::List => list(&standing(connected, &index, None).await?),
            Command::Show { event } => show(&standing(connected, &index, Some(event)).await?)?,
            Command::Retry { event } => retry(connected, &index, standing(connected, &index, event).await?).await?,
        }
        Ok(())
    })
    .await
}

/// What stands still: in the database, and in the search index of this node.
struct Standing {
    read_models: Vec<Parked>,
    index: Vec<search::Parked>,
}

/// All of it, or what stands still at one event.
async fn standing(connected: &Connected, index: &Path, event: Option<Uuid>) -> anyhow::Result<Standing> {
    let mut connection = connected.pools.stream.acquire().await?;
    let mut standing = Standing {
        read_models: parked::list(&mut connection, None).await?,
        index: search::parked_in(index)?,
    };
    if let Some(event) = event {
        standing.read_models.retain(|parked| parked.event_id == event);
        standing.index.retain(|parked| parked.event_id == event);
        let found = !standing.read_models.is_empty() || !standing.index.is_empty();
        anyhow::ensure!(found, "nothing is parked at event {event}");
    }
    Ok(standing)
}

fn list(standing: &Standing) {
    for parked in &standing.read_models {
        println!(
            "{} v{} {} {} {} waiting:{} {}",
            parked.projection,
            parked.version,
            parked.event_id,
            parked.event_type,
            parked.sequence.tenant_id,
            parked.waiting,
            parked.error,
        );
    }
    for parked in &standing.index {
        println!(
            "{SEARCH} {} {} {} {}",
            parked.event_id, parked.event_type, parked.organization, parked.error
        );
    }
}

fn show(standing: &Standing) -> anyhow::Result<()> {
    let read_models = standing.read_models.iter().map(read_model);
    let shown: Vec<Value> = read_models.chain(standing.index.iter().map(entry)).collect();
    println!("{}", serde_json::to_string_pretty(&shown)?);
    Ok(())
}

fn read_model(parked: &Parked) -> Value {
    json!({
        "readModel": format!("{} v{}", parked.projection, parked.version),
        "organization": parked.sequence.tenant_id,
        "sequence": parked.sequence.id,
        "event": parked.event_id,
        "eventType": parked.event_type,
        "position": parked.cursor.to_string(),
        "recordedAt": parked.recorded_at,
        "parkedAt": parked.parked_at,
        "attempts": parked.attempts,
        "waiting": parked.waiting,
        "error": parked.error,
    })
}

fn entry(parked: &search::Parked) -> Value {
    json!({
        "readModel": SEARCH,
        "organization": parked.organization,
        "event": parked.event_id,
        "eventType": parked.event_type,
        "position": parked.cursor.to_string(),
        "recordedAt": parked.recorded_at,
        "attempts": parked.attempts,
        "error": parked.error,
    })
}

/// Tries each again, whatever becomes of the others.
async fn retry(connected: &Connected, index: &Path, standing: Standing) -> anyhow::Result<()> {
    let mut failures = 0;
    for parked in &standing.read_models {
        if let Err(error) = retry_read_model(connected, parked).await {
            eprintln!("{}: {error:#}", parked.projection);
            failures += 1;
        }
    }
    if !standing.index.is_empty()
        && let Err(error) = retry_index(index, &standing.index).await
    {
        eprintln!("{SEARCH}: {error:#}");
        failures += 1;
    }
    anyhow::ensure!(failures == 0, "{failures} of them stand still");
    Ok(())
}

async fn retry_read_model(connected: &Connected, parked: &Parked) -> anyhow::Result<()> {
    let stream = &connected.pools.stream;
    let reader = background::reader(stream, &connected.personal);
    let read_model = replay::read_model(&parked.projection)?;
    match parked::retry(stream, &reader, &*read_model, parked.sequence, STEP).await? {
        Retried::Completed { applied } => {
            println!("{} {}: {applied} events applied", parked.projection, parked.event_id);
            Ok(())
        }
        Retried::Parked { applied, cursor, error } => {
            anyhow::bail!("stands still again at {cursor}, after {applied} events: {error}")
        }
    }
}

/// Only the process that keeps the index can write to it: it is asked to.
async fn retry_index(index: &Path, asked: &[search::Parked]) -> anyhow::Result<()> {
    let still = match search::retry_in(index, PATIENCE).await? {
        Retry::NotParked => Vec::new(),
        Retry::Tried(still) => still,
        Retry::NotKept => anyhow::bail!("no process keeps it just now; the next one tries first of all"),
        Retry::Asked => anyhow::bail!("the process that keeps it has not tried yet"),
    };
    for parked in asked {
        let again = still.iter().find(|still| still.organization == parked.organization);
        if let Some(again) = again {
            anyhow::bail!("stands still again at {}: {}", again.cursor, again.error);
        }
        println!("{SEARCH} {}: applied", parked.event_id);
    }
    Ok(())
}
