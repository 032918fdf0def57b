//! How fast PropertyOS is, as ratios against a baseline of the same run.
//!
//! `make bench` prints one table and writes `docs/benchmarks.md`. Arguments: sections by name (all without), `--rounds N`,
//! `--seconds S` for a turn, `--write FILE`.

#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

mod append;
mod estate;
mod floor;
mod in_process;
mod latency;
mod machine;
mod outage;
mod over_http;
mod peers;
mod rebuilds;
mod report;
mod rounds;
mod serve;
mod start;
mod work;

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use report::Report;

const PROPERTYOS: &str = env!("CARGO_BIN_EXE_propertyos-under-test");

const METHOD: &str = "\
Everything runs on the one machine: clients, PropertyOS and PostgreSQL (fsync on, its own defaults) share its processors. In each round \
all contestants take turns, each time in another order; a ratio is taken within a round, and the table shows the middle of the rounds \
with the least and the greatest. The floor is pgbench with one prepared INSERT and a commit at a time into a table with the log's columns \
and unique indexes, rows as large as the mix's, or, beside the peers, as those of one kind. The peers are other event stores on PostgreSQL \
at the work of one kind, each in a database of its own on the same server; `tests/peers/README.md` says how.";

/// What is measured, and how.
#[derive(Debug, Parser)]
struct Arguments {
    /// Sections: append, peers, serve, latency, start, outage.
    sections: Vec<String>,
    /// How many rounds.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many seconds a turn takes.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Only this number of clients, where there are several.
    #[arg(long)]
    clients: Option<u32>,
    /// The program of `tests/peers`, for the section of that name.
    #[arg(long)]
    peers: Option<PathBuf>,
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
    // Before anything is measured in vain.
    let peers = is_asked_for("peers").then(|| {
        let peers = arguments.peers.as_deref();
        peers.expect("--peers: where the program of tests/peers is, for the section `peers`")
    });
    let mut report = Report::new();
    if is_asked_for("append") {
        append::measure(&mut report, arguments.rounds, lasting, arguments.clients).await;
    }
    if let Some(binary) = peers {
        peers::measure(&mut report, binary, arguments.rounds, lasting, arguments.clients).await;
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
    if let Some(path) = &arguments.write {
        report.write(path, METHOD);
    }
}
