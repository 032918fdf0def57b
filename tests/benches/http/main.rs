//! How fast the real binary carries out commands through HTTP, how fast its read models are made anew, and what memory it takes.
//!
//! `make bench-http` prints the tables. One number on the command line is how many seconds each number of clients runs; 20 without.
//! The database writes through to the disk, as a real one does.

#![allow(clippy::expect_used, reason = "a benchmark fails by panicking")]

mod client;
mod rebuilds;

use std::{
    env, fs,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use store::testing::TestServer;
use tests::{Installation, Serving};
use tokio::task::JoinSet;

use client::Client;

const PROPERTYOS: &str = env!("CARGO_BIN_EXE_propertyos-under-test");
const USUAL_SECONDS: u64 = 20;
const CLIENTS: [u32; 3] = [1, 16, 64];

fn main() {
    let seconds = env::args().skip(1).find_map(|argument| argument.parse().ok());
    let lasting = Duration::from_secs(seconds.unwrap_or(USUAL_SECONDS));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(measure(lasting));
}

async fn measure(lasting: Duration) {
    let server = TestServer::own().await;
    let installation = Installation::on(PROPERTYOS, server.database(&[]).await);
    let serving = installation.serve().await;
    let token = installation.output(&["token", "--role", "admin"]).await;
    let office = Arc::new(Office::open(&serving, token).await);

    println!("propertyos serve takes {} at its start", memory(&serving));
    println!();
    println!(
        "{:>8} {:>9} {:>12} {:>9} {:>9}  memory after it",
        "clients", "commands", "commands/s", "p50 ms", "p99 ms"
    );
    for clients in CLIENTS {
        let begun = Instant::now();
        let mut latencies = run(&office, clients, lasting).await;
        let took = begun.elapsed();
        latencies.sort_unstable();
        let at = |part: usize| latencies[(latencies.len() - 1) * part / 100].as_secs_f64() * 1e3;
        println!(
            "{clients:>8} {:>9} {:>12.0} {:>9.2} {:>9.2}  {}",
            latencies.len(),
            per_second(latencies.len() as u64, took),
            at(50),
            at(99),
            memory(&serving)
        );
    }
    println!();
    rebuilds::measure(&installation).await;
    println!();
    println!("propertyos serve takes {} at the end", memory(&serving));
    assert!(serving.stop().await.success(), "it stops in order");
}

/// The clients' own portfolios grow side by side until the time is up. Returns how long each command took.
async fn run(office: &Arc<Office>, clients: u32, lasting: Duration) -> Vec<Duration> {
    let until = Instant::now() + lasting;
    let mut all = JoinSet::new();
    for _ in 0..clients {
        all.spawn(Client::new(office.clone(), until).work());
    }
    all.join_all().await.concat()
}

/// What all clients need to know of the server and the organization.
struct Office {
    http: reqwest::Client,
    url: String,
    token: String,
    /// Who does the repairs.
    vendor: Value,
}

impl Office {
    async fn open(serving: &Serving, token: String) -> Self {
        let vendor = serving
            .http()
            .post(serving.at("/api/maintenance/vendors"))
            .bearer_auth(&token)
            .json(&json!({"name": "Drip & Sons Plumbing", "trades": ["plumbing"]}))
            .send()
            .await
            .expect("an answer");
        let vendor: Value = vendor.json().await.expect("JSON");
        Self {
            http: serving.http().clone(),
            url: serving.at(""),
            token,
            vendor: vendor["id"].clone(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of what was done in a while")]
fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// What the process holds in memory now, and the most that it ever held.
fn memory(serving: &Serving) -> String {
    let status = fs::read_to_string(format!("/proc/{}/status", serving.pid())).expect("a process that runs");
    let mebibytes = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name));
        let kibibytes = value.and_then(|value| value.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kibibytes.map_or(0, |kibibytes| kibibytes / 1024)
    };
    format!("{} MiB (at most {})", mebibytes("VmRSS:"), mebibytes("VmHWM:"))
}
