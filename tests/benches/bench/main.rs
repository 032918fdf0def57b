//! How fast PropertyOS is, as ratios against a baseline of the same run.
//!
//! `make bench` prints one table and writes `docs/benchmarks.md`. Arguments: sections by name (all without), `--rounds N`,
//! `--seconds S` for a turn, `--write FILE`.

#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

mod append;
mod estate;
mod floor;
mod growth;
mod in_process;
mod large;
mod latency;
mod machine;
mod outage;
mod over_http;
mod peers;
mod portfolio;
mod queries;
mod rebuilds;
mod relay;
mod report;
mod rounds;
mod scale;
mod serve;
mod start;
mod work;

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use portfolio::Size;
use report::Report;

const PROPERTYOS: &str = env!("CARGO_BIN_EXE_propertyos-under-test");

const METHOD: &str = "\
Everything runs on the one machine: clients, PropertyOS and PostgreSQL share its processors. PostgreSQL has its own defaults, fsync among \
them, but for the number of connections and its memory, which is what `serve` gives its own. In each round \
all contestants take turns, each time in another order; a ratio is taken within a round, and the table shows the middle of the rounds \
with the least and the greatest. Nobody's first moments of a turn count, when what lay idle is cold. The floor is pgbench with one \
prepared INSERT and a commit at a time into a table with the log's columns and unique indexes, rows as large as the mix's, or, \
beside the peers, as those of one kind. The peers are other event stores on PostgreSQL \
at the work of one kind, each in a database of its own on the same server; `tests/peers/README.md` says how. The relay is a process that \
relays the whole log to a topic of its own at each turn, from when it has its shards to when its checkpoints are at the end; the bare \
producer has the same settings. Queries are asked at their rate whatever the answers take, \
and for the client each takes from when it was due; the server's own time is the one that it logs. They are about a portfolio that was \
loaded in bulk, with its tables vacuumed and analyzed once the read models had caught up.";

/// What is measured, and how.
#[derive(Debug, Parser)]
struct Arguments {
    /// Sections: append, peers, relay, serve, latency, start, outage, queries, rebuild, growth.
    sections: Vec<String>,
    /// How many rounds.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many seconds a turn takes.
    #[arg(long, default_value_t = 1)]
    seconds: u64,
    /// Only this number of clients, where there are several.
    #[arg(long)]
    clients: Option<u32>,
    /// The program of `tests/peers`, for the section of that name.
    #[arg(long)]
    peers: Option<PathBuf>,
    /// How many units the portfolio has that queries, rebuild and growth share.
    #[arg(long)]
    units: Option<u32>,
    /// How many months of it there are.
    #[arg(long)]
    months: Option<u32>,
    /// How many queries a second are asked.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(4..))]
    queries_per_second: u32,
    /// Measures a portfolio of 100,000 units instead, and goes on with what is in this folder, if something is there.
    #[arg(long)]
    large: Option<PathBuf>,
    /// The file for the table.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(measure(&arguments));
}

async fn measure(arguments: &Arguments) {
    let lasting = Duration::from_secs(arguments.seconds);
    let is_asked_for =
        |section: &str| arguments.sections.is_empty() || arguments.sections.iter().any(|name| name == section);
    let usual = arguments.large.as_ref().map_or(scale::SIZE, |_| large::SIZE);
    let how = scale::How {
        size: Size {
            units: arguments.units.unwrap_or(usual.units),
            months: arguments.months.unwrap_or(usual.months),
        },
        queries_per_second: arguments.queries_per_second,
        rounds: arguments.rounds,
        lasting,
    };
    let mut report = Report::new();
    if let Some(folder) = &arguments.large {
        large::measure(&mut report, folder, how).await;
        return arguments
            .write
            .iter()
            .for_each(|path| report.write(path, large::METHOD));
    }
    // Before anything is measured in vain.
    let peers = is_asked_for("peers").then(|| {
        let peers = arguments.peers.as_deref();
        peers.expect("--peers: where the program of tests/peers is, for the section `peers`")
    });
    if is_asked_for("append") {
        append::measure(&mut report, arguments.rounds, lasting, arguments.clients).await;
    }
    if let Some(binary) = peers {
        peers::measure(&mut report, binary, arguments.rounds, lasting, arguments.clients).await;
    }
    if is_asked_for("relay") {
        relay::measure(&mut report, arguments.rounds).await;
    }
    if is_asked_for("serve") {
        serve::measure(&mut report, arguments.rounds, lasting).await;
    }
    if is_asked_for("latency") {
        latency::measure(&mut report).await;
    }
    if is_asked_for("start") {
        start::measure(&mut report).await;
    }
    if is_asked_for("outage") {
        outage::measure(&mut report).await;
    }
    let of_portfolio = scale::Sections {
        queries: is_asked_for("queries"),
        rebuild: is_asked_for("rebuild"),
        growth: is_asked_for("growth"),
    };
    scale::measure(&mut report, of_portfolio, how).await;
    if let Some(path) = &arguments.write {
        report.write(path, METHOD);
    }
}
