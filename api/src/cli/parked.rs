//! `propertyos parked`

use anyhow::Context as _;
use clap::Subcommand;
use projections::search;
use streams::parked::{self, Parked, Retried};
use uuid::Uuid;

use super::beside;
use crate::{
    background,
    config::Config,
    installation::{Connected, Installation},
};

/// How many events one transaction of a retry applies.
const STEP: u32 = 500;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists the events at which a sequence of a read model stands still, the search index of this node included.
    List,
    /// Shows one of them whole.
    Show {
        /// The event, as the list names it.
        event: Uuid,
    },
    /// Applies a sequence that stands still, from that event on. The search index does so itself when it is started.
    Retry {
        /// The event, as the list names it; all of them without.
        event: Option<Uuid>,
    },
}

pub async fn run(command: Command, settings: Config) -> anyhow::Result<()> {
    beside(&settings, "parked", async |installation, connected| match command {
        Command::List => list(installation, connected).await,
        Command::Show { event } => show(&one(connected, event).await?),
        Command::Retry { event: Some(event) } => retry(connected, &one(connected, event).await?).await,
        Command::Retry { event: None } => {
            for parked in all(connected).await? {
                retry(connected, &parked).await?;
            }
            Ok(())
        }
    })
    .await
}

async fn all(connected: &Connected) -> anyhow::Result<Vec<Parked>> {
    let mut connection = connected.pools.stream.acquire().await?;
    Ok(parked::list(&mut connection, None).await?)
}

async fn one(connected: &Connected, event: Uuid) -> anyhow::Result<Parked> {
    let found = all(connected)
        .await?
        .into_iter()
        .find(|parked| parked.event_id == event);
    found.with_context(|| format!("nothing is parked at event {event}"))
}

async fn list(installation: &Installation, connected: &Connected) -> anyhow::Result<()> {
    for parked in all(connected).await? {
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
    for parked in search::parked_in(&installation.search_folder()?)? {
        println!("search {} {} {}", parked.event_id, parked.organization, parked.error);
    }
    Ok(())
}

fn show(parked: &Parked) -> anyhow::Result<()> {
    let shown = serde_json::json!({
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
    });
    println!("{}", serde_json::to_string_pretty(&shown)?);
    Ok(())
}

async fn retry(connected: &Connected, parked: &Parked) -> anyhow::Result<()> {
    let stream = &connected.pools.stream;
    let reader = background::reader(stream, &connected.personal);
    let read_model = replay::read_model(&parked.projection)?;
    match parked::retry(stream, &reader, &*read_model, parked.sequence, STEP).await? {
        Retried::Completed { applied } => {
            println!("{} {}: {applied} events applied", parked.projection, parked.event_id);
        }
        Retried::Parked { applied, cursor, error } => {
            anyhow::bail!(
                "{} stands still again at {cursor}, after {applied} events: {error}",
                parked.projection
            )
        }
    }
    Ok(())
}
