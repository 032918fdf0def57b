//! How many commands a second are carried out in one process, and how long each takes, at several numbers of clients.
//!
//! `cargo bench -p commands` prints a table. The server writes through to the disk.

#![allow(clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::DateTime;
use commands::{
    Metrics,
    execute::{Commands, Invocation},
    handlers::{FoundOrganization, OnStream},
    log::EventLog,
};
use domain::{
    ids::{CommandId, OrganizationId, UserId, VendorId},
    money::Currency,
    personal::Contact,
    settings::Settings,
    vendor::{Vendor, VendorCommand, VendorProfile},
};
use store::{MigrationSet, personal::PersonalData, secrets::Secrets, testing::TestServer};
use tokio::task::JoinSet;
use uuid::Uuid;

const SCHEMA: &[MigrationSet] = &[("store", store::MIGRATIONS), ("commands", commands::MIGRATIONS)];
const OURS: OrganizationId = OrganizationId(Uuid::from_u128(1));
const FOR: Duration = Duration::from_secs(5);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(measure());
}

async fn measure() {
    let server = TestServer::own().await;
    let database = server.database(SCHEMA).await;
    let log = EventLog::new(database.pools().await.app, Metrics::default());
    let key = STANDARD.encode([7; 32]);
    let secrets = Secrets::from_configuration(&key, &key).expect("keys");
    let process = Arc::new(Commands::new(
        log,
        PersonalData::new(secrets.master),
        secrets.command_hash,
    ));
    let found = FoundOrganization {
        name: "Our company".into(),
        settings: Settings::usual(Currency::USD, chrono_tz::America::New_York),
    };
    process.execute(&given(1, true), &found).await.expect("founded");
    println!(
        "{:>8} {:>8} {:>12} {:>9} {:>9}",
        "clients", "ids", "commands/s", "p50 ms", "p99 ms"
    );
    let mut series = 1;
    for fresh in [true, false] {
        for clients in [1, 16, 64] {
            series += 1;
            let mut latencies = run(&process, series, clients, fresh).await;
            latencies.sort_unstable();
            let at = |part: usize| latencies[(latencies.len() - 1) * part / 100].as_secs_f64() * 1e3;
            #[expect(clippy::cast_precision_loss, reason = "a count of commands")]
            let rate = latencies.len() as f64 / FOR.as_secs_f64();
            let ids = if fresh { "minted" } else { "given" };
            println!("{clients:>8} {ids:>8} {rate:>12.0} {:>9.2} {:>9.2}", at(50), at(99));
        }
    }
}

/// Each client blocks and unblocks a vendor of its own, one command after the other.
async fn run(process: &Arc<Commands>, series: u128, clients: u128, fresh: bool) -> Vec<Duration> {
    let mut all = JoinSet::new();
    for client in 0..clients {
        let process = process.clone();
        let number = (series << 80) | (client << 64);
        all.spawn(async move {
            let vendor = VendorId(Uuid::from_u128(number));
            process
                .execute(&given(number, fresh), &create(vendor))
                .await
                .expect("created");
            let begun = Instant::now();
            let mut latencies = Vec::new();
            for n in 1_u128.. {
                if begun.elapsed() > FOR {
                    break;
                }
                let command = match n % 2 {
                    1 => VendorCommand::Block {
                        reason: "no insurance".into(),
                    },
                    _ => VendorCommand::Unblock,
                };
                let sent = Instant::now();
                let command = OnStream::<Vendor>::of(vendor, command);
                process
                    .execute(&given(number | n, fresh), &command)
                    .await
                    .expect("carried out");
                latencies.push(sent.elapsed());
            }
            latencies
        });
    }
    all.join_all().await.concat()
}

fn create(vendor: VendorId) -> OnStream<Vendor> {
    let profile = VendorProfile {
        name: "Drip & Sons".into(),
        contact: Contact::default(),
        trades: vec!["plumbing".into()],
        insured_through: None,
    };
    OnStream::begin(vendor, VendorCommand::Create { vendor, profile })
}

fn given(id: u128, fresh: bool) -> Invocation {
    Invocation {
        command_id_is_fresh: fresh,
        ..Invocation::new(
            OURS,
            UserId(Uuid::from_u128(9)),
            CommandId(Uuid::from_u128(id)),
            DateTime::UNIX_EPOCH,
        )
    }
}
