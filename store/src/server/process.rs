//! A running server, bound to this process: it stops when this process ends, however that ends.

use std::{
    fs::OpenOptions,
    io,
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{oneshot, watch},
    time::{sleep, timeout},
};

use super::{ServerError, account::Account, binaries::Binaries};

/// The first user of every server made here.
pub(crate) const SUPERUSER: &str = "postgres";

/// Recovery after a crash reads back the whole of what wasn't checkpointed.
const START_LIMIT: Duration = Duration::from_mins(5);
/// A fast shutdown writes a checkpoint; then it's over.
const STOP_LIMIT: Duration = Duration::from_mins(1);
/// How often a server that starts is asked.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// A setting of a server: its name and its value.
pub(crate) type Setting = (&'static str, String);

/// How to start a server on data that exists.
pub(crate) struct Launch<'a> {
    /// The programs that made the data.
    pub(crate) binaries: &'a Binaries,
    /// Who owns the data.
    pub(crate) account: &'a Account,
    /// The data.
    pub(crate) data: &'a Path,
    /// Where the socket goes; owned by the account. A socket's path ends at 107 bytes.
    pub(crate) socket_folder: &'a Path,
    /// Where the server's own messages go.
    pub(crate) log: &'a Path,
    /// Settings over those of the data.
    pub(crate) settings: &'a [Setting],
}

/// A server that answers.
#[derive(Debug)]
pub(crate) struct Process {
    pid: Pid,
    ended: watch::Receiver<bool>,
}

impl Process {
    /// Starts a server and waits until it answers.
    pub(crate) async fn start(launch: &Launch<'_>) -> Result<Self, ServerError> {
        let mut process = Self::spawn(launch.command()?)
            .await
            .map_err(ServerError::file("setpriv"))?;
        let answered = tokio::select! {
            answered = timeout(START_LIMIT, answers(launch.socket_folder)) => answered.is_ok(),
            () = process.ended() => return Err(ServerError::Ended { output: tail(launch.log) }),
        };
        if !answered {
            process.stop().await;
            return Err(ServerError::Silent {
                output: tail(launch.log),
            });
        }
        Ok(process)
    }

    /// Runs the command in a thread that lives as long as the child: the kernel interrupts the child when the thread that
    /// spawned it ends, and a runtime's threads may end before the process does.
    async fn spawn(mut command: Command) -> io::Result<Self> {
        let (started, start) = oneshot::channel();
        let (end, ended) = watch::channel(false);
        thread::Builder::new().name("postgres".to_owned()).spawn(move || {
            let spawned = command.spawn();
            let child = spawned.as_ref().map(Pid::from_child).map_err(io::Error::kind);
            let heard = started.send(child);
            if let Ok(mut child) = spawned {
                if heard.is_err() {
                    interrupt(&child);
                }
                let _status = child.wait();
            }
            end.send_replace(true);
        })?;
        match start.await {
            Ok(Ok(pid)) => Ok(Self { pid, ended }),
            Ok(Err(kind)) => Err(kind.into()),
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) {
        // An error means that the thread is gone, and it goes last.
        let _ended = self.ended.wait_for(|ended| *ended).await;
    }

    /// Whether its first process is there.
    #[cfg(feature = "testing")]
    pub(crate) fn is_running(&self) -> bool {
        !*self.ended.borrow()
    }

    /// Sends a signal to the server's first process, unless it has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        if !*self.ended.borrow() {
            let _gone = kill_process(self.pid, signal);
        }
    }

    /// Disconnects everyone and ends it in order; without order if that takes too long.
    pub(crate) async fn stop(&mut self) {
        self.signal(Signal::INT);
        if timeout(STOP_LIMIT, self.ended()).await.is_err() {
            self.signal(Signal::QUIT);
            self.ended().await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::INT);
    }
}

/// A start that nobody waits for any more is taken back.
fn interrupt(child: &Child) {
    let _gone = kill_process(Pid::from_child(child), Signal::INT);
}

impl Launch<'_> {
    fn command(&self) -> Result<Command, ServerError> {
        // What a server complains about may hold what it was told.
        let mut private = OpenOptions::new();
        private.write(true).create(true).truncate(true).mode(0o600);
        let log = private.open(self.log).map_err(ServerError::file(self.log))?;
        let errors = log.try_clone().map_err(ServerError::file(self.log))?;
        let mut command = self.account.command_bound_to_thread(self.binaries.program("postgres"));
        command.arg("-D").arg(self.data).arg("-k").arg(self.socket_folder);
        command.args(["-c", "listen_addresses=", "-c", "unix_socket_permissions=0700"]);
        for (name, value) in self.settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        // A group of its own: Ctrl-C at the terminal is for us, who finish what is in flight before the server stops.
        command
            .process_group(0)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors);
        Ok(command)
    }
}

/// How the first user signs in.
pub(crate) fn superuser(socket_folder: &Path, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket_folder)
        .username(SUPERUSER)
        .database(database)
}

async fn answers(socket_folder: &Path) {
    let options = superuser(socket_folder, "postgres");
    loop {
        if let Ok(connection) = PgConnection::connect_with(&options).await {
            let _closed = connection.close().await;
            return;
        }
        sleep(ASK_EVERY).await;
    }
}

/// The last lines of a log, for an error's message.
pub(crate) fn tail(log: &Path) -> String {
    let text = std::fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}
