//! The status on one page of a terminal.

use std::fmt::Write as _;

use super::{Lag, Lease, Reader, Status};

/// The page. Shards that nothing was written to are left out.
pub fn of(status: &Status) -> String {
    let mut page = String::new();
    // Writing to a string can't fail.
    let _written = write(&mut page, status);
    page
}

fn write(page: &mut String, status: &Status) -> std::fmt::Result {
    let log = &status.log;
    writeln!(page, "LOG      epoch {}, {} events", log.epoch, log.events)?;
    let heads = log.heads.iter().enumerate().filter(|(_, head)| **head > 0);
    let heads: Vec<_> = heads.map(|(shard, head)| format!("{shard}: {head}")).collect();
    if !heads.is_empty() {
        writeln!(page, "         last position by shard  {}", heads.join("  "))?;
    }

    let relay = status.relay.as_ref().map_or("never ran".to_owned(), |relay| {
        format!("{}, {}", behind(&relay.lag), processes(relay))
    });
    writeln!(page, "RELAY    {relay}")?;

    writeln!(page, "\nREAD MODELS")?;
    for reader in &status.projections {
        writeln!(page, "  {}", line(reader))?;
    }
    writeln!(page, "\nNODES")?;
    for node in &status.nodes {
        writeln!(page, "  {:<14} {:<40} {}", node.name, behind(&node.lag), node.url)?;
    }
    nothing(page, status.nodes.is_empty())?;

    writeln!(page, "\nLEASES")?;
    for lease in &status.leases {
        writeln!(page, "  {}", held(lease))?;
    }
    nothing(page, status.leases.is_empty())?;

    writeln!(page, "\nPARKED")?;
    for parked in &status.parked {
        writeln!(
            page,
            "  {} v{} since {}: {} of organization {}, {} waiting: {}",
            parked.name,
            parked.version,
            parked.since.format("%F %T"),
            parked.event_type,
            parked.organization,
            parked.waiting,
            parked.error
        )?;
    }
    nothing(page, status.parked.is_empty())
}

fn nothing(page: &mut String, is_empty: bool) -> std::fmt::Result {
    if is_empty { writeln!(page, "  none") } else { Ok(()) }
}

fn line(reader: &Reader) -> String {
    let answers = if reader.active { "answers" } else { "doesn't answer" };
    let name = format!("{} v{}", reader.name, reader.version);
    format!(
        "{name:<14} {:<40} {:<13} {answers}",
        behind(&reader.lag),
        processes(reader)
    )
}

fn processes(reader: &Reader) -> String {
    match reader.processes {
        1 => "1 process".to_owned(),
        several => format!("{several} processes"),
    }
}

fn behind(lag: &Lag) -> String {
    let parked = match lag.parked {
        0 => String::new(),
        parked => format!(", {parked} parked"),
    };
    if lag.events_behind == 0 {
        return format!("up to date{parked}");
    }
    format!(
        "{} events, {:.1} s behind{parked}",
        lag.events_behind, lag.seconds_behind
    )
}

fn held(lease: &Lease) -> String {
    let name = format!("{} v{}", lease.name, lease.version);
    let shards = match lease.shards.as_slice() {
        // A task that isn't divided.
        [0] => String::new(),
        shards if shards.len() == 16 => "all shards, ".to_owned(),
        shards => {
            let shards: Vec<_> = shards.iter().map(ToString::to_string).collect();
            format!("shards {}, ", shards.join(" "))
        }
    };
    format!(
        "{name:<14} {}  {shards}for another {:.1} s",
        lease.holder, lease.seconds_left
    )
}
