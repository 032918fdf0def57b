//! Other event stores on the same server, doing the same work: a vendor is taken on, then blocked and unblocked.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use api::{clock::new_command_id, installation::MIGRATIONS};
use async_trait::async_trait;
use domain::ids::OrganizationId;
use serde_json::Value;
use store::{
    secrets::Secrets,
    testing::{TestDatabase, TestServer},
};
use tokio::process::Command;

use crate::{
    append::sizes,
    floor::Floor,
    in_process::{InProcess, Office, commands_on},
    report::{Against, Report},
    rounds::{Contestant, Rounds, Turn},
    work::{Load, WARM_UP},
};

const CLIENTS: [u32; 4] = [1, 16, 64, 256];
/// How many times a peer's rate is to be reached, if nothing else is said: it is to be overtaken.
const GOAL: f64 = 1.0;
/// With whom, and at how many clients, more is to be reached, and how much.
const HIGHER_GOAL: (&str, u32, f64) = ("postgres-es", 64, 5.0);
/// There are many contestants: a turn takes no longer than this.
const LONGEST_TURN: Duration = Duration::from_secs(2);

/// The places of contestants; the peers come behind.
const FLOOR: usize = 0;
const OURS: usize = 1;
const PEERS: usize = 2;

pub async fn measure(report: &mut Report, binary: &Path, rounds: usize, lasting: Duration, only: Option<u32>) {
    let server = TestServer::own().await;
    let peers = prepared(binary, &server).await;
    let ours = server.database(MIGRATIONS).await;
    let floors = server.database(&[]).await;
    let secrets = tempfile::tempdir().expect("a folder");
    let commands = commands_on(&ours.pools().await, Secrets::in_folder(secrets.path()).expect("keys"));
    let office = Office::found(commands, OrganizationId(new_command_id().0)).await;
    let sizes = sizes(&ours, &office, Load::OneKind).await;
    let names: Vec<String> = peers.iter().map(|peer| peer.name.clone()).collect();
    let mut contestants: Vec<Box<dyn Contestant>> = vec![
        Box::new(Floor::with_indexes(&floors, sizes).await),
        Box::new(InProcess {
            load: Load::OneKind,
            offices: vec![office],
        }),
    ];
    contestants.extend(peers.into_iter().map(|peer| Box::new(peer) as Box<dyn Contestant>));
    for clients in CLIENTS {
        if only.is_some_and(|only| only != clients) {
            continue;
        }
        let done = Rounds::run(&mut contestants, rounds, clients, lasting.min(LONGEST_TURN)).await;
        let what = |place: usize| format!("{}, beside its peers", contestants[place].name());
        report.rate(&what(FLOOR), clients, &done, FLOOR, None);
        let against = Against {
            name: "the floor",
            place: FLOOR,
            goal: None,
        };
        report.rate(&what(OURS), clients, &done, OURS, Some(against));
        for (place, peer) in (PEERS..).zip(&names) {
            let (name, at, higher) = HIGHER_GOAL;
            let goal = if (peer.as_str(), clients) == (name, at) {
                higher
            } else {
                GOAL
            };
            report.peer(peer, clients, &done, place, OURS, goal);
        }
    }
}

/// All peers, each with a database of its own.
async fn prepared(binary: &Path, server: &Arc<TestServer>) -> Vec<Peer> {
    assert!(
        binary.is_file(),
        "{} is no program: `make bench` builds it",
        binary.display()
    );
    let mut peers = Vec::new();
    for name in said(binary, &["list"]).await.lines() {
        let database = server.database(&[]).await;
        said(binary, &["prepare", name, "--url", &database.superuser_url()]).await;
        peers.push(Peer {
            binary: binary.to_owned(),
            name: name.to_owned(),
            database,
        });
    }
    peers
}

/// What the peers' program prints.
async fn said(binary: &Path, arguments: &[&str]) -> String {
    let ended = Command::new(binary)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("a program");
    assert!(
        ended.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&ended.stderr)
    );
    String::from_utf8(ended.stdout).expect("text")
}

/// Another event store as a contestant.
struct Peer {
    binary: PathBuf,
    name: String,
    database: TestDatabase,
}

#[async_trait]
impl Contestant for Peer {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn turn(&mut self, clients: u32, lasting: Duration) -> Turn {
        let [clients, seconds, warm_up] = [
            clients.to_string(),
            lasting.as_secs_f64().to_string(),
            // As ours has; a peer's process opens its connections anew besides.
            (lasting / WARM_UP).as_secs_f64().to_string(),
        ];
        let url = self.database.superuser_url();
        let load = ["--clients", &clients, "--seconds", &seconds, "--warm-up", &warm_up];
        let arguments = [&["run", &self.name, "--url", &url], &load[..]].concat();
        let printed = said(&self.binary, &arguments).await;
        let report: Value = serde_json::from_str(&printed).expect("JSON");
        let number = |name: &str| report[name].as_f64().expect("a number");
        let milliseconds = |name: &str| Some(Duration::from_secs_f64(number(name) / 1e3));
        Turn {
            per_second: number("commands") / number("seconds"),
            p50: milliseconds("p50Ms"),
            p99: milliseconds("p99Ms"),
        }
    }
}
