//! PropertyOS as many processes, on a PostgreSQL and an Apache Kafka of its own.

use std::{fs, sync::Arc, time::Duration};

use sqlx::PgConnection;
use store::testing::TestServer;
use streams::{kafka::Broker, testing::TestBroker};
use tests::{Installation, Serving};

use crate::{PROPERTYOS, over_http::Sender};

/// Every process but the API's and the relay.
pub const PROJECTORS: [&[&str]; 4] = [
    &["project", "ledger"],
    &["project", "dashboard"],
    &["project", "directory"],
    &["project", "search"],
];
const RELAY: &[&str] = &["relay"];

pub struct Estate {
    pub broker: TestBroker,
    pub installation: Installation,
    pub sender: Sender,
    /// With what it was started as.
    pub processes: Vec<(String, Serving)>,
    _server: Arc<TestServer>,
}

/// A database with its schema and an organization.
pub async fn founded(server: &Arc<TestServer>) -> Installation {
    let installation = Installation::on(PROPERTYOS, server.database(&[]).await);
    installation.output(&["migrate"]).await;
    let create = [
        "org",
        "create",
        "A company",
        "--currency",
        "USD",
        "--time-zone",
        "America/Chicago",
    ];
    installation.output(&create).await;
    installation
}

impl Estate {
    pub async fn start(server: Arc<TestServer>) -> Self {
        let broker = TestBroker::own().await;
        let installation = founded(&server).await;
        let Broker { servers, topic, .. } = broker.topic();
        let kafka = [
            ("KAFKA_BROKERS", servers.as_str()),
            ("PROPERTYOS_KAFKA_TOPIC", topic.as_str()),
        ];
        let index = installation.folder().join("index-of-the-api");
        let index = index.to_str().expect("a path in UTF-8");
        let of_the_api = [&kafka[..], &[("PROPERTYOS_SEARCH_DIR", index)]].concat();
        let api = installation.start(&["api"], &of_the_api).await;
        let token = installation.output(&["token", "--role", "admin"]).await;
        let sender = Sender::open(&api, token).await;
        let mut processes = vec![("api".to_owned(), api)];
        for arguments in [RELAY].into_iter().chain(PROJECTORS) {
            processes.push((arguments.join(" "), installation.start(arguments, &kafka).await));
        }
        Self {
            broker,
            installation,
            sender,
            processes,
            _server: server,
        }
    }

    pub async fn superuser(&self) -> PgConnection {
        self.installation.database().expect("a database").superuser().await
    }

    pub async fn stop(self) {
        for (_, process) in self.processes {
            assert!(process.stop().await.success(), "it stops in order");
        }
    }
}

/// What a process holds in memory now, and the most that it ever held.
pub fn memory(process: &Serving) -> String {
    let of = |name| mebibytes(process.pid(), name).expect("a process that runs");
    format!("{} MiB (at most {})", of("VmRSS:"), of("VmHWM:"))
}

/// A line of a process's status, in MiB; none if it has ended.
pub fn mebibytes(pid: u32, line: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let value = status.lines().find_map(|found| found.strip_prefix(line))?;
    let kibibytes: u64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024)
}

pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
