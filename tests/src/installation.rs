//! A fresh folder in which PropertyOS is run.

use std::{
    env,
    fs::{self, DirBuilder},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use store::{roles, testing::TestDatabase};
use streams::{node, progress};
use tempfile::TempDir;
use tokio::{
    process::Command,
    time::{sleep, timeout},
};

use crate::Serving;

/// No command that a test runs takes longer.
const LIMIT: Duration = Duration::from_mins(5);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A folder and a database that nobody else uses. Whatever runs in it ends with it.
pub struct Installation {
    binary: PathBuf,
    folder: PathBuf,
    _temporary: TempDir,
    database: Option<TestDatabase>,
    settings: Vec<(String, String)>,
}

impl Installation {
    /// With nothing configured: PropertyOS starts a private PostgreSQL.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let temporary = tempfile::tempdir_in("/tmp").expect("a folder in /tmp");
        let folder = temporary.path().to_owned();
        // Started by root, the private server's user passes through to its data.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("one's own folder");
        Self {
            binary: binary.into(),
            folder,
            _temporary: temporary,
            database: None,
            settings: Vec::new(),
        }
    }

    /// With an empty database on the server that tests share: faster, for whatever doesn't test the private one.
    pub async fn on_shared_server(binary: &str) -> Self {
        Self::on(binary, TestDatabase::new(&[]).await)
    }

    /// With this database, such as one on a server that the test restarts.
    #[must_use]
    pub fn on(binary: impl Into<PathBuf>, database: TestDatabase) -> Self {
        let urls = [
            ("DATABASE_URL", database.url(roles::APP)),
            ("DATABASE_URL_STREAMS", database.url(roles::STREAM)),
            ("DATABASE_URL_OWNER", database.url(roles::OWNER)),
        ];
        let mut installation = Self::new(binary);
        for (name, url) in urls {
            installation = installation.with(name, &url);
        }
        installation.database = Some(database);
        installation
    }

    /// Another one with the same organizations, events and keys, in a database of its own. Nothing may run in this one meanwhile.
    ///
    /// # Panics
    /// Without a database on the server that tests share.
    pub async fn copy(&self) -> Self {
        let database = self.database.as_ref().expect("a database that can be copied");
        let mut copy = Self::on(&self.binary, database.copy().await);
        let settings = self.settings.iter();
        copy.settings
            .extend(settings.filter(|(name, _)| !name.starts_with("DATABASE_URL")).cloned());
        let secrets = copy.data_folder().join("secrets");
        let private = DirBuilder::new().recursive(true).mode(0o700).create(&secrets);
        private.expect("a folder in one's own");
        for file in ["jwks.json", "secrets/master.key", "secrets/command-hash.key"] {
            // Permissions are copied too.
            fs::copy(self.data_folder().join(file), copy.data_folder().join(file)).expect("a key to copy");
        }
        copy
    }

    /// With a setting, by the name of its variable in the environment.
    #[must_use]
    pub fn with(mut self, variable: &str, value: &str) -> Self {
        self.settings.push((variable.to_owned(), value.to_owned()));
        self
    }

    /// With its keys and its search index in a folder that stays.
    #[must_use]
    pub fn kept_in(mut self, folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("a folder for it");
        folder.clone_into(&mut self.folder);
        self
    }

    /// Its database, unless it is the private server's.
    #[must_use]
    pub fn database(&self) -> Option<&TestDatabase> {
        self.database.as_ref()
    }

    /// The folder in which commands run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where its data is.
    #[must_use]
    pub fn data_folder(&self) -> PathBuf {
        self.folder.join(".propertyos")
    }

    /// A subcommand, ready to be started, which sees nothing of this process's own configuration.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in env::vars_os() {
            if ["PROPERTYOS_", "DATABASE_URL", "KAFKA_", "OTEL_"]
                .iter()
                .any(|ours| name.to_string_lossy().starts_with(ours))
            {
                command.env_remove(name);
            }
        }
        command.env("PROPERTYOS_LISTEN", "127.0.0.1:0");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs a subcommand to its end.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        let output = timeout(LIMIT, self.command(arguments).output()).await;
        output.expect("it ends in time").expect("the binary can be run")
    }

    /// Runs a subcommand that must succeed, and returns what it printed.
    pub async fn output(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "propertyos {arguments:?}: {}\n{errors}",
            output.status
        );
        String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
    }

    /// Starts `serve` and waits until it is ready.
    pub async fn serve(&self) -> Serving {
        self.start(&["serve"], &[]).await
    }

    /// Waits until no read model lacks anything of the log, the search index of whatever process keeps one included. However long
    /// that takes: a test sets a limit.
    pub async fn catch_up(&self) {
        let pools = self.database.as_ref().expect("a database of its own").pools().await;
        loop {
            let read_models = progress::lag(&pools.stream).await.expect("the log's readers");
            let nodes = node::lag(&pools.stream, None).await.expect("the log's readers");
            let behind = read_models.iter().map(|read_model| read_model.events);
            let mut behind = behind.chain(nodes.iter().map(|node| node.events));
            if !nodes.is_empty() && behind.all(|events| events == 0) {
                return;
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Starts a process with settings of its own, and waits until it is ready.
    pub async fn start(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Serving {
        let mut command = self.command(arguments);
        command.envs(settings.iter().copied());
        Serving::start(self, command).await
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        // What was killed last couldn't remove its socket's folder, and nothing starts here again that would.
        if let Ok(folder) = fs::read_to_string(self.data_folder().join("socket-folder")) {
            let _gone = fs::remove_dir_all(folder);
        }
    }
}
