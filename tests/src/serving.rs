//! A running process of PropertyOS.

use std::{
    fs::{self, File},
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::ExitStatus,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use crate::Installation;

/// How long a start may take, with the making of a database and the recovery of one.
const START_LIMIT: Duration = Duration::from_mins(2);
/// How long a stop may take, with what is in flight.
const STOP_LIMIT: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How much of what a process said is shown when its test fails.
const LAST_LINES: usize = 40;

/// Tells the files of one process from those of another.
static PROCESSES: AtomicU32 = AtomicU32::new(1);

/// A process that answers requests, be it only about itself; dropped, it is killed.
pub struct Serving {
    child: Child,
    url: String,
    http: Client,
    /// Where its standard output and standard error go.
    output: [PathBuf; 2],
}

impl Serving {
    pub(crate) async fn start(installation: &Installation, mut command: Command) -> Self {
        let number = PROCESSES.fetch_add(1, Ordering::Relaxed);
        let output = ["out", "err"].map(|kind| installation.folder().join(format!("process-{number}.{kind}")));
        let [stdout, stderr] = output
            .each_ref()
            .map(|path| File::create(path).expect("a file in one's own folder"));
        let child = command.stdout(stdout).stderr(stderr).spawn();
        let child = child.expect("the binary can be run");
        let mut serving = Self {
            child,
            url: String::new(),
            http: Client::new(),
            output,
        };
        serving.wait_until_ready().await;
        serving
    }

    async fn wait_until_ready(&mut self) {
        let until = Instant::now() + START_LIMIT;
        loop {
            if let Some(url) = self.announced_url() {
                self.url = url;
                let answer = self.http.get(self.at("/health/ready")).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
            }
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                panic!("it ended: {status}\n{}", self.printed());
            }
            assert!(Instant::now() < until, "it isn't ready in time\n{}", self.printed());
            sleep(LOOK_EVERY).await;
        }
    }

    /// From what it has logged.
    fn announced_url(&self) -> Option<String> {
        let listening = self.logged("listening").pop()?;
        Some(listening["url"].as_str()?.to_owned())
    }

    /// The lines that it has logged with this message.
    #[must_use]
    pub fn logged(&self, message: &str) -> Vec<Value> {
        let lines = fs::read_to_string(&self.output[1]).unwrap_or_default();
        let lines = lines.lines().filter_map(|line| serde_json::from_str(line).ok());
        lines.filter(|line: &Value| line["message"] == message).collect()
    }

    /// The URL of a path.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// A client for it.
    #[must_use]
    pub fn http(&self) -> &Client {
        &self.http
    }

    /// All that it has printed, standard output first.
    #[must_use]
    pub fn printed(&self) -> String {
        self.output
            .each_ref()
            .map(|path| fs::read_to_string(path).unwrap_or_default())
            .concat()
    }

    /// The number of its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it is running")
    }

    /// Whether it runs still.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked").is_none()
    }

    /// Ends it without warning.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it was running");
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        kill_process(pid.expect("it is running"), signal).expect("it is running");
    }

    /// Asks it to stop, as Ctrl-C does, and waits for its end.
    pub async fn stop(self) -> ExitStatus {
        self.signal(Signal::INT);
        self.ended().await
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> ExitStatus {
        let ended = timeout(STOP_LIMIT, self.child.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("it doesn't stop in time\n{}", self.printed()));
        status.unwrap_or_else(|_| ExitStatus::from_raw(-1))
    }
}

impl Drop for Serving {
    /// A test that fails shows what its processes said last.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let printed = self.printed();
            let last = printed.lines().rev().take(LAST_LINES).collect::<Vec<_>>();
            let last: Vec<_> = last.into_iter().rev().collect();
            eprintln!("--- {}\n{}", self.url, last.join("\n"));
        }
    }
}
