//! A real Apache Kafka for tests: a topic of its own for each, on a broker that the tests share; or a broker of one's own, to
//! freeze, kill and wipe.
//!
//! A test that gets no broker fails: none skips itself.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

use std::{
    collections::BTreeMap,
    env, fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Command, Stdio},
    sync::{Mutex, OnceLock, mpsc},
    thread,
    time::Duration,
};

use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    message::OwnedMessage,
};
use rustix::process::{Pid, Signal, kill_process};
use schemas::{DomainEvent, SHARDS};
use tempfile::TempDir;
use tokio::{net::TcpStream, sync::OnceCell, time};
use uuid::Uuid;

use crate::kafka::Broker;

/// Says where a broker listens that is there for a whole run of tests.
const SHARED: &str = "PROPERTYOS_TEST_KAFKA";

/// Within this a broker starts, also on a machine that does much else.
const SOON: Duration = Duration::from_secs(90);

/// A broker that one test may freeze, kill and wipe.
pub struct TestBroker {
    folder: TempDir,
    address: SocketAddr,
    controller: SocketAddr,
    process: Mutex<Option<Running>>,
}

struct Running {
    pid: Pid,
    ended: mpsc::Receiver<()>,
}

/// A topic of its own on the broker that tests share: the run's, else one for this process. It isn't made yet.
pub async fn topic() -> Broker {
    static OWN: OnceCell<TestBroker> = OnceCell::const_new();
    match env::var(SHARED) {
        Ok(servers) => fresh_topic(servers),
        Err(_) => OWN.get_or_init(TestBroker::own).await.topic(),
    }
}

fn fresh_topic(servers: String) -> Broker {
    #[expect(clippy::disallowed_methods, reason = "it only names a test's topic")]
    let number = Uuid::now_v7();
    Broker {
        servers,
        topic: format!("propertyos.test.{number}"),
        retention: Duration::from_hours(10_000_000),
        replication: 1,
    }
}

/// A port that is free now.
fn free_port() -> SocketAddr {
    // Held until the process ends: no two brokers of a process get the same one.
    static GIVEN: OnceLock<Mutex<Vec<SocketAddr>>> = OnceLock::new();
    let given = GIVEN.get_or_init(Mutex::default);
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let mut given = given.lock().expect("no panic with the lock held");
        if !given.contains(&address) {
            given.push(address);
            return address;
        }
    }
}

/// What the relay's producer is set to, for a producer to hold it against.
#[must_use]
pub fn producer_settings(broker: &Broker) -> ClientConfig {
    broker.producer()
}

/// Everything the topic holds now, by partition in order.
pub async fn messages(broker: &Broker) -> BTreeMap<i32, Vec<OwnedMessage>> {
    let broker = broker.clone();
    tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = broker
            .client()
            .set("group.id", "propertyos-test")
            .set("enable.auto.commit", "false")
            .create()
            .expect("a client");
        let mut missing: BTreeMap<i32, i64> = BTreeMap::new();
        let mut partitions = TopicPartitionList::new();
        for partition in 0..i32::from(SHARDS) {
            let (low, high) = consumer
                .fetch_watermarks(&broker.topic, partition, SOON)
                .expect("a broker that answers");
            if high > low {
                missing.insert(partition, high);
                partitions
                    .add_partition_offset(&broker.topic, partition, Offset::Offset(low))
                    .expect("a broker that answers");
            }
        }
        consumer.assign(&partitions).expect("a broker that answers");
        let mut found: BTreeMap<i32, Vec<OwnedMessage>> = BTreeMap::new();
        while !missing.is_empty() {
            let message = consumer
                .poll(SOON)
                .expect("the topic ends too soon")
                .expect("a message")
                .detach();
            if missing.get(&message.partition()) == Some(&(message.offset() + 1)) {
                missing.remove(&message.partition());
            }
            found.entry(message.partition()).or_default().push(message);
        }
        found
    })
    .await
    .expect("a broker that answers")
}

/// What a reader of the topic gets that takes only the next position of each shard, by partition: envelopes as JSON.
#[must_use]
pub fn filtered(messages: &BTreeMap<i32, Vec<OwnedMessage>>) -> BTreeMap<i32, Vec<String>> {
    let mut log = BTreeMap::new();
    for (partition, messages) in messages {
        let (mut taken, mut next) = (Vec::new(), 1);
        for message in messages {
            let value = message.payload().expect("a value");
            let event: DomainEvent = serde_json::from_slice(value).expect("an envelope");
            if event.position == next {
                taken.push(String::from_utf8(value.to_vec()).expect("text"));
                next += 1;
            }
        }
        log.insert(*partition, taken);
    }
    log
}

impl TestBroker {
    /// A new broker, for the one test that calls this.
    pub async fn own() -> Self {
        let broker = Self {
            folder: TempDir::with_prefix("propertyos-kafka-").expect("a folder"),
            address: free_port(),
            controller: free_port(),
            process: Mutex::default(),
        };
        broker.start().await;
        broker
    }

    /// A topic of its own on it, which isn't made yet.
    #[must_use]
    pub fn topic(&self) -> Broker {
        fresh_topic(self.address.to_string())
    }

    /// Starts it, if it doesn't run, and waits until it answers.
    pub async fn start(&self) {
        self.spawn();
        let answers = async {
            while TcpStream::connect(self.address).await.is_err() {
                time::sleep(Duration::from_millis(50)).await;
            }
        };
        let started = time::timeout(SOON, answers).await;
        assert!(started.is_ok(), "no broker: {}", self.log());
    }

    fn spawn(&self) {
        let mut process = self.process();
        if process.is_some() {
            return;
        }
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts");
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .expect("a log");
        let mut command = Command::new(scripts.join("kafka-broker"));
        command
            .arg(self.folder.path())
            .args([self.address.port(), self.controller.port()].map(|port| port.to_string()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log);
        let (tell_pid, pid) = mpsc::channel();
        let (tell_end, ended) = mpsc::channel();
        // It ends with the thread that started it: that one lives as long as the broker.
        thread::spawn(move || {
            let mut child = command.spawn().expect("scripts/kafka-broker");
            let _received = tell_pid.send(Pid::from_child(&child));
            let _ended = child.wait();
            let _received = tell_end.send(());
        });
        let pid = pid.recv().expect("the broker is started");
        *process = Some(Running { pid, ended });
    }

    /// Stands still, with its connections open, until it is thawed.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Goes on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Ends it as a power cut would end its process.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
        let process = self.process().take().expect("it runs");
        process.ended.recv().expect("it ends");
    }

    /// Kills it and takes its data away: the next start is that of another, empty broker at the same address.
    pub fn wipe(&self) {
        self.kill();
        fs::remove_dir_all(self.folder.path().join("data")).expect("its data");
    }

    fn signal(&self, signal: Signal) {
        let pid = self.process().as_ref().expect("it runs").pid;
        kill_process(pid, signal).expect("a signal");
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.process.lock().expect("no panic with the lock held")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for TestBroker {
    fn drop(&mut self) {
        if self.process().is_some() {
            self.kill();
        }
    }
}
