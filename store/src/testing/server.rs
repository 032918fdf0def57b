//! Servers for tests.

use std::{
    env,
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::process::{Signal, kill_process};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::sync::{Mutex, OnceCell};

use super::{
    TestDatabase,
    disk::{self, Disk},
};
use crate::{
    MigrationSet, roles,
    server::{
        account::Account,
        binaries::Binaries,
        cluster::{self, processes_on},
        memory,
        process::{Launch, Process, Setting, superuser},
    },
};

/// Names the socket's folder of a server that is there for a whole run of tests, with a superuser `postgres`.
const SHARED: &str = "PROPERTYOS_TEST_SERVER";
/// Folders of servers that ended with their test process bear this prefix; the next process removes them.
const FOLDER_PREFIX: &str = "propertyos-test-";

fn many_connections() -> Setting {
    ("max_connections", "400".to_owned())
}

/// With the memory that `serve` gives its own.
fn durable() -> Vec<Setting> {
    vec![many_connections(), memory::shared_buffers()]
}

/// Nobody pulls its plug.
fn fast() -> Vec<Setting> {
    let off = |name| (name, "off".to_owned());
    vec![many_connections(), off("fsync"), off("full_page_writes")]
}

/// A server that one test may stop, kill, stall and restart. It writes through to the disk, as a real one does.
pub struct TestServer {
    socket_folder: PathBuf,
    whose: Whose,
}

/// Who may do what with a server.
enum Whose {
    /// One test has it for itself.
    Test(Started),
    /// The tests of this process share it, and nobody disturbs it.
    Process { _started: Started },
    /// All tests of a run share it, and it was started elsewhere.
    Run,
}

/// What belongs to a server that this process started.
struct Started {
    // Before the folder that it is mounted at.
    disk: Option<Disk>,
    folder: TempDir,
    /// Where its data is if it outlives the folder.
    kept: Option<PathBuf>,
    settings: Vec<Setting>,
    process: Mutex<Option<Process>>,
    _in_use: File,
}

impl TestServer {
    /// A new server, for the one test that calls this.
    pub async fn own() -> Arc<Self> {
        Self::of_a_test(Started::start(durable(), None).await)
    }

    /// A new server with a disk of its own of so many megabytes, for a test that fills it. Only root can give it one, or sudo without a password.
    pub async fn on_a_small_disk(megabytes: u32) -> Arc<Self> {
        Self::of_a_test(Started::start(durable(), Some(megabytes)).await)
    }

    /// A server whose data stays in this folder, and is there again when the next one is started on it.
    pub async fn kept_in(folder: &Path) -> Arc<Self> {
        fs::create_dir_all(folder).expect("a folder for it");
        Self::of_a_test(Started::start_on(durable(), None, Some(folder.join("data"))).await)
    }

    fn of_a_test(started: Started) -> Arc<Self> {
        Arc::new(Self {
            socket_folder: started.socket_folder(),
            whose: Whose::Test(started),
        })
    }

    /// The server that tests share: the run's, else one for this process.
    pub(crate) async fn shared() -> Arc<Self> {
        static SERVER: OnceCell<Arc<TestServer>> = OnceCell::const_new();
        SERVER.get_or_init(Self::find_shared).await.clone()
    }

    async fn find_shared() -> Arc<Self> {
        let server = if let Some(folder) = env::var_os(SHARED) {
            Self {
                socket_folder: folder.into(),
                whose: Whose::Run,
            }
        } else {
            remove_abandoned();
            let started = Started::start(fast(), None).await;
            Self {
                socket_folder: started.socket_folder(),
                whose: Whose::Process { _started: started },
            }
        };
        let mut superuser = server.superuser("postgres").await;
        roles::create(&mut superuser).await.expect("roles");
        Arc::new(server)
    }

    /// Whether it belongs to one test.
    pub(super) fn is_own(&self) -> bool {
        matches!(self.whose, Whose::Test(_))
    }

    fn own_parts(&self) -> &Started {
        match &self.whose {
            Whose::Test(started) => started,
            Whose::Process { .. } | Whose::Run => panic!("the shared server is not to be disturbed"),
        }
    }

    /// A fresh database on it, with the roles and these migrations.
    pub async fn database(self: &Arc<Self>, sets: &[MigrationSet]) -> TestDatabase {
        TestDatabase::on(self.clone(), sets).await
    }

    /// A new database of this name, in place of one that was there.
    pub async fn new_database(self: &Arc<Self>, name: &str) -> TestDatabase {
        TestDatabase::named(self.clone(), name).await
    }

    /// The database of this name, which is there already.
    #[must_use]
    pub fn kept_database(self: &Arc<Self>, name: &str) -> TestDatabase {
        TestDatabase::kept(self.clone(), name)
    }

    /// The folder of its socket, which stays the same over restarts.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        &self.socket_folder
    }

    /// The file that it logs to.
    ///
    /// # Panics
    /// If it is the shared one.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.own_parts().log()
    }

    /// Starts it, if it doesn't run, and waits until it answers: after a kill that includes its recovery.
    ///
    /// # Panics
    /// If it doesn't start.
    pub async fn start(&self) {
        self.own_parts().launch().await;
    }

    /// Stops it in order: everyone is disconnected, open transactions are rolled back.
    ///
    /// # Panics
    /// If it is the shared one.
    pub async fn stop(&self) {
        if let Some(mut process) = self.own_parts().process.lock().await.take() {
            process.stop().await;
        }
    }

    /// Stops it without order, as an operator in a hurry does: everyone is cut off, and the next start begins with recovery.
    ///
    /// # Panics
    /// If it is the shared one.
    pub async fn stop_at_once(&self) {
        if let Some(mut process) = self.own_parts().process.lock().await.take() {
            process.signal(Signal::QUIT);
            process.ended().await;
        }
    }

    /// Stops and starts it.
    ///
    /// # Panics
    /// If it is the shared one, or doesn't start.
    pub async fn restart(&self) {
        self.stop().await;
        self.start().await;
    }

    /// Ends all its processes at once, as a power cut would.
    ///
    /// # Panics
    /// If it is the shared one.
    pub async fn kill(&self) {
        let own = self.own_parts();
        if let Some(mut process) = own.process.lock().await.take() {
            own.signal_all(Signal::KILL);
            process.ended().await;
        }
    }

    /// Freezes it: connections stay open and nothing answers.
    ///
    /// # Panics
    /// If it is the shared one.
    pub fn stall(&self) {
        self.own_parts().signal_all(Signal::STOP);
    }

    /// Lets a stalled one go on.
    ///
    /// # Panics
    /// If it is the shared one.
    pub fn resume(&self) {
        self.own_parts().signal_all(Signal::CONT);
    }

    /// Leaves no room on its small disk.
    ///
    /// # Panics
    /// If it has no disk of its own.
    pub fn fill_disk(&self) {
        self.own_parts().disk.as_ref().expect("a small disk").fill();
    }

    /// Makes room again.
    ///
    /// # Panics
    /// If it was not filled.
    pub fn free_disk(&self) {
        self.own_parts().disk.as_ref().expect("a small disk").free();
    }

    /// A connection of the superuser, to whom nothing is forbidden. A server of one's own has no roles of ours before its first
    /// [`Self::database`].
    pub async fn superuser(&self, database: &str) -> PgConnection {
        PgConnection::connect_with(&superuser(&self.socket_folder, database))
            .await
            .expect("the test server answers")
    }
}

impl Started {
    fn data(&self) -> PathBuf {
        self.kept.clone().unwrap_or_else(|| self.folder.path().join("data"))
    }

    async fn start(settings: Vec<Setting>, megabytes: Option<u32>) -> Self {
        Self::start_on(settings, megabytes, None).await
    }

    async fn start_on(settings: Vec<Setting>, megabytes: Option<u32>, kept: Option<PathBuf>) -> Self {
        let folder = TempDir::with_prefix_in(FOLDER_PREFIX, "/tmp").expect("a folder in /tmp");
        let disk = megabytes.map(|megabytes| Disk::mount(folder.path(), megabytes));
        let in_use = File::create(folder.path().join("in-use")).expect("a file in it");
        in_use.try_lock().expect("a lock on a new file");
        // The server's user passes through to its data.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).expect("one's own folder");
        let started = Self {
            disk,
            folder,
            kept,
            settings,
            process: Mutex::default(),
            _in_use: in_use,
        };
        fs::create_dir(started.socket_folder()).expect("a new folder");
        Account::for_new_data()
            .and_then(|account| account.own(&started.socket_folder()))
            .expect("a user for the server");
        started.launch().await;
        started
    }

    fn socket_folder(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    async fn launch(&self) {
        let mut process = self.process.lock().await;
        if process.as_ref().is_some_and(Process::is_running) {
            return;
        }
        let data = self.data();
        // Of larger segments a small disk has no room for the least that a server keeps.
        let small: &[&str] = if self.disk.is_some() { &["--wal-segsize=1"] } else { &[] };
        cluster::initialise(&data, &[&["--no-sync"], small].concat())
            .await
            .expect("initdb");
        cluster::wait_until_free(&data).await.expect("the data is free");
        let launch = Launch {
            binaries: &Binaries::for_data(&data).expect("the programs that made the data"),
            account: &Account::for_data(&data).expect("the user who owns the data"),
            data: &data,
            socket_folder: &self.socket_folder(),
            log: &self.log(),
            settings: &self.settings,
        };
        *process = Some(Process::start(&launch).await.expect("a server"));
    }

    fn signal_all(&self, signal: Signal) {
        for pid in processes_on(&self.data()) {
            let _gone = kill_process(pid, signal);
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // The folder goes next, so there is nothing to end in order; and a stalled process hears nothing else.
        if self.kept.is_none() {
            self.signal_all(Signal::KILL);
        }
    }
}

/// Removes the folders of servers whose test process is gone.
fn remove_abandoned() {
    for entry in fs::read_dir("/tmp").into_iter().flatten().flatten() {
        let abandoned = entry.file_name().to_string_lossy().starts_with(FOLDER_PREFIX)
            && File::open(entry.path().join("in-use")).is_ok_and(|file| file.try_lock().is_ok());
        if abandoned && processes_on(&entry.path().join("data")).is_empty() {
            disk::unmount(&entry.path());
            let _kept = fs::remove_dir_all(entry.path());
        }
    }
}
