//! A running `propertyos serve`.

use std::{
    fs::{self, File},
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::ExitStatus,
    time::Duration,
};

use reqwest::Client;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::{
    process::Child,
    time::{Instant, sleep, timeout},
};

use crate::Installation;

/// How long a start may take, with the making of a database and the recovery of one.
const START_LIMIT: Duration = Duration::from_mins(2);
/// How long a stop may take, with what is in flight.
const STOP_LIMIT: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A process that answers requests; dropped, it is killed.
pub struct Serving {
    child: Child,
    url: String,
    http: Client,
    /// Where its standard output and standard error go.
    output: [PathBuf; 2],
}

impl Serving {
    pub(crate) async fn start(installation: &Installation) -> Self {
        let output = ["serve.out", "serve.err"].map(|name| installation.folder().join(name));
        let [stdout, stderr] = output
            .each_ref()
            .map(|path| File::create(path).expect("a file in one's own folder"));
        let child = installation.command(&["serve"]).stdout(stdout).stderr(stderr).spawn();
        let child = child.expect("the binary can be run");
        let mut serving = Self {
            child,
            url: String::new(),
            http: Client::new(),
            output,
        };
        serving.wait_until_ready(installation).await;
        serving
    }

    async fn wait_until_ready(&mut self, installation: &Installation) {
        let until = Instant::now() + START_LIMIT;
        loop {
            if let Some(url) = self.announced_url(installation) {
                self.url = url;
                let answer = self.http.get(self.at("/health/ready")).send().await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    return;
                }
            }
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                panic!("serve ended: {status}\n{}", self.printed());
            }
            assert!(Instant::now() < until, "serve isn't ready in time\n{}", self.printed());
            sleep(LOOK_EVERY).await;
        }
    }

    /// From what a process that works in a data folder says about itself there.
    fn announced_url(&self, installation: &Installation) -> Option<String> {
        let text = fs::read(installation.data_folder().join("running.json")).ok()?;
        let running: Value = serde_json::from_slice(&text).ok()?;
        let ours = running["pid"].as_u64() == self.child.id().map(u64::from);
        running["url"].as_str().filter(|_| ours).map(str::to_owned)
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

    /// Whether it runs still.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked").is_none()
    }

    /// Ends it without warning.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it was running");
    }

    /// Asks it to stop, as Ctrl-C does, and waits for its end.
    pub async fn stop(mut self) -> ExitStatus {
        let pid = self
            .child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()))
            .expect("it is running");
        kill_process(pid, Signal::INT).expect("it is running");
        let ended = timeout(STOP_LIMIT, self.child.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("serve doesn't stop in time\n{}", self.printed()));
        status.unwrap_or_else(|_| ExitStatus::from_raw(-1))
    }
}
