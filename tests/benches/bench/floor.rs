//! What PostgreSQL itself does with single rows: pgbench, a prepared INSERT and a commit each.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use async_trait::async_trait;
use sqlx::Executor;
use store::testing::TestDatabase;
use tempfile::NamedTempFile;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use crate::rounds::{Contestant, Turn};

/// Processors that pgbench uses, at most.
const THREADS: u32 = 2;
/// So many seconds go by, once all clients are connected, until what they do is counted. The time that pgbench is given runs from before:
/// with 256 clients on a slow machine it was over when they were there, and what little they had done was the floor.
const WARMING: usize = 2;
/// No turn takes longer.
const LONGEST: Duration = Duration::from_mins(5);

/// Single INSERTs into a table of their own in some database.
pub struct Floor {
    name: &'static str,
    pgbench: PathBuf,
    socket_folder: PathBuf,
    database: String,
    script: NamedTempFile,
}

/// The log's columns, without its leaves, policies and triggers.
const TABLE: &str = "CREATE TABLE NAME (
    shard smallint NOT NULL, position bigint NOT NULL, epoch int NOT NULL, tenant_id uuid NOT NULL, aggregate_type text NOT NULL,
    aggregate_id uuid NOT NULL, sequence bigint NOT NULL, event_type text NOT NULL, event_version int NOT NULL,
    payload json NOT NULL, metadata json NOT NULL, event_id uuid NOT NULL, command_id uuid NOT NULL, command_index int NOT NULL,
    command_hash bytea NOT NULL, recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (shard, position)UNIQUE);
  CREATE SEQUENCE NAME_position";
const UNIQUE: &str = ", UNIQUE (shard, tenant_id, aggregate_type, aggregate_id, sequence),
    UNIQUE (shard, tenant_id, command_id, command_index)";
const INSERT: &str = "INSERT INTO NAME (shard, position, epoch, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
    event_version, payload, metadata, event_id, command_id, command_index, command_hash)
  VALUES (0, nextval('NAME_position'), 1, '4b7c2a80-7b0a-4f0e-9d0a-0b7c3f1e2d55', 'payment', gen_random_uuid(), 1, 'payment.completed',
    1, 'PAYLOAD', 'METADATA', gen_random_uuid(), gen_random_uuid(), 0, '\\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff');\n";

impl Floor {
    /// With the log's unique indexes.
    pub async fn with_indexes(database: &TestDatabase, sizes: Sizes) -> Self {
        Self::new("floor: single INSERTs", "floor", UNIQUE, database, sizes).await
    }

    /// With one index only.
    pub async fn bare(database: &TestDatabase, sizes: Sizes) -> Self {
        Self::new("single INSERTs, one index", "bare", "", database, sizes).await
    }

    async fn new(name: &'static str, table: &str, unique: &str, database: &TestDatabase, sizes: Sizes) -> Self {
        let mut superuser = database.superuser().await;
        let create = TABLE.replace("NAME", table).replace("UNIQUE", unique);
        superuser.execute(create.as_str()).await.expect("a table");
        let insert = INSERT
            .replace("NAME", table)
            .replace("PAYLOAD", &json_of(sizes.payload))
            .replace("METADATA", &json_of(sizes.metadata));
        let mut script = NamedTempFile::new().expect("a file");
        // In a script of pgbench a statement is a line, or ends with a semicolon.
        script.write_all(insert.as_bytes()).expect("room for a line");
        let [socket_folder, name_of_database] = database.place();
        Self {
            name,
            pgbench: pgbench(),
            socket_folder: socket_folder.into(),
            database: name_of_database,
            script,
        }
    }
}

/// How many bytes an event's JSON takes in the log, on the average.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub payload: usize,
    pub metadata: usize,
}

fn json_of(bytes: usize) -> String {
    format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes.saturating_sub(11)))
}

/// Beside the server's programs; Debian also has it on the path.
fn pgbench() -> PathBuf {
    let beside = binaries().join("pgbench");
    if beside.exists() { beside } else { "pgbench".into() }
}

/// Where the programs of PostgreSQL are.
pub fn binaries() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/postgres-bin");
    let found = std::process::Command::new(script).output().expect("a script");
    let folder = String::from_utf8(found.stdout).expect("a path");
    folder.trim_end().into()
}

#[async_trait]
impl Contestant for Floor {
    fn name(&self) -> String {
        self.name.into()
    }

    async fn turn(&mut self, clients: u32, lasting: Duration) -> Turn {
        let mut pgbench = Command::new(&self.pgbench)
            .args(["--no-vacuum", "--protocol", "prepared", "--username", "postgres"])
            .args([
                "--client",
                &clients.to_string(),
                "--jobs",
                &THREADS.min(clients).to_string(),
            ])
            .args(["--time", &LONGEST.as_secs().to_string(), "--progress", "1"])
            .arg("--host")
            .arg(&self.socket_folder)
            .arg("--file")
            .arg(self.script.path())
            .arg(&self.database)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("pgbench");
        let mut lines = BufReader::new(pgbench.stderr.take().expect("it is piped")).lines();
        let seconds = usize::try_from(lasting.as_secs().max(1)).expect("a while");
        let (mut rates, mut said) = (Vec::new(), String::new());
        while rates.len() < WARMING + seconds {
            let Some(line) = lines.next_line().await.expect("text") else {
                panic!("pgbench ended: {said}");
            };
            rates.extend(rate_in(&line));
            said = said + &line + "\n";
        }
        pgbench.kill().await.expect("it was there");
        Turn {
            per_second: mean(&rates[WARMING..]),
            p50: None,
            p99: None,
        }
    }
}

/// The rate of a second that pgbench tells of.
fn rate_in(line: &str) -> Option<f64> {
    let told = line.strip_prefix("progress: ")?;
    told.split(", ").nth(1)?.strip_suffix(" tps")?.parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "a number of seconds")]
fn mean(rates: &[f64]) -> f64 {
    rates.iter().sum::<f64>() / rates.len() as f64
}
