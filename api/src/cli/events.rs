//! `propertyos events`

use std::{
    io::{self, BufWriter, ErrorKind, Write},
    str::FromStr,
    time::Duration,
};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use domain::ids::OrganizationId;
use schemas::{Cursor, DomainEvent, Recorded, Shard};
use sqlx::PgPool;
use streams::{Batch, Limit, LogSource, Source as _};
use tokio::time::timeout;

use super::beside;
use crate::config::Config;

/// How much is read at once, of each shard.
const BATCH: Limit = Limit {
    events: 500,
    bytes: 4 << 20,
};
/// How long to wait for more when no hint comes.
const POLL: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub struct Arguments {
    /// Goes on with what is recorded from now on, until it is stopped.
    #[arg(long)]
    follow: bool,
    /// Prints each event as the envelope in which it leaves the log, one to a line. Personal data stays sealed.
    #[arg(long)]
    json: bool,
    /// Only those of this organization.
    #[arg(long, value_name = "ID")]
    organization: Option<OrganizationId>,
    /// Which event to begin with: `beginning`, `now`, or an instant such as `2026-12-05T09:00:00Z`.
    #[arg(long, default_value = "beginning", value_name = "WHEN")]
    from: From,
}

/// Where in the log to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Beginning,
    Now,
    Instant(DateTime<Utc>),
}

impl FromStr for From {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "beginning" => Ok(Self::Beginning),
            "now" => Ok(Self::Now),
            _ => text
                .parse()
                .map(Self::Instant)
                .map_err(|_| "write `beginning`, `now` or an instant such as 2026-12-05T09:00:00Z"),
        }
    }
}

pub async fn run(arguments: Arguments, settings: Config) -> anyhow::Result<()> {
    beside(&settings, "events", async |_, connected| {
        let told = tell(&connected.pools.stream, &arguments).await;
        match told.as_ref().map_err(|error| error.downcast_ref::<io::Error>()) {
            // Whoever read has seen enough.
            Err(Some(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            _ => told,
        }
    })
    .await
}

async fn tell(stream: &PgPool, arguments: &Arguments) -> anyhow::Result<()> {
    let shards = arguments.organization.map_or_else(
        || Shard::all().collect::<Vec<_>>(),
        |organization| vec![schemas::shard_of(organization)],
    );
    let mut cursors = cursors(stream, &shards, arguments.from).await?;
    let mut source = LogSource::new(stream.clone());
    let mut hints = source.hints();
    let mut out = BufWriter::new(io::stdout().lock());
    loop {
        hints.mark_unchanged();
        let batches = source.fetch(&cursors, BATCH).await?;
        if batches.is_empty() {
            out.flush()?;
            if !arguments.follow {
                return Ok(());
            }
            let _more = timeout(POLL, hints.changed()).await;
            continue;
        }
        for last in batches.iter().filter_map(|batch| batch.events.last()) {
            if let Some(cursor) = cursors.iter_mut().find(|cursor| cursor.shard == last.shard) {
                *cursor = last.cursor();
            }
        }
        let wanted = |event: &Recorded| arguments.organization.is_none_or(|wanted| event.tenant_id == wanted);
        for event in by_time(batches).into_iter().filter(wanted) {
            write(&mut out, event, arguments.json)?;
        }
    }
}

/// The events of several shards, which have no order among them but their time. Within a shard the order stays, also where the
/// server's clock was set back.
fn by_time(batches: Vec<Batch>) -> Vec<Recorded> {
    let mut events = Vec::new();
    for batch in batches {
        let mut latest = DateTime::<Utc>::MIN_UTC;
        for event in batch.events {
            latest = latest.max(event.recorded_at);
            events.push((latest, event));
        }
    }
    events.sort_by_key(|(at, _)| *at);
    events.into_iter().map(|(_, event)| event).collect()
}

/// Where to begin in each shard.
async fn cursors(stream: &PgPool, shards: &[Shard], from: From) -> Result<Vec<Cursor>, sqlx::Error> {
    let mut cursors = Vec::with_capacity(shards.len());
    for shard in shards {
        let before: Option<DateTime<Utc>> = match from {
            From::Beginning => {
                cursors.push(Cursor::start(*shard));
                continue;
            }
            From::Now => None,
            From::Instant(instant) => Some(instant),
        };
        let position = sqlx::query_scalar(
            "SELECT coalesce(max(position), 0) FROM events WHERE shard = $1 AND ($2::timestamptz IS NULL OR recorded_at < $2)",
        )
        .bind(shard.as_i16())
        .bind(before)
        .fetch_one(stream)
        .await?;
        cursors.push(Cursor {
            position,
            ..Cursor::start(*shard)
        });
    }
    Ok(cursors)
}

fn write(out: &mut impl Write, event: Recorded, json: bool) -> anyhow::Result<()> {
    if json {
        serde_json::to_writer(&mut *out, &DomainEvent::from(event)).map_err(io::Error::from)?;
        writeln!(out)?;
        return Ok(());
    }
    writeln!(
        out,
        "{}  {:<10}  {:<32}  {} {} #{}  organization {}  by {}",
        event.recorded_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        event.cursor().to_string(),
        event.event_type,
        event.aggregate_type,
        event.aggregate_id,
        event.sequence,
        event.tenant_id,
        event.metadata.actor,
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_told_from_its_beginning_from_now_or_from_an_instant() {
        assert_eq!("beginning".parse(), Ok(From::Beginning));
        assert_eq!("now".parse(), Ok(From::Now));
        let instant = "2026-12-05T09:00:00Z".parse().unwrap();
        assert_eq!("2026-12-05T10:00:00+01:00".parse(), Ok(From::Instant(instant)));
        assert!("yesterday".parse::<From>().is_err());
    }
}
