//! A PostgreSQL of our own for a machine that has none running: started with the process that needs it, and stopped with
//! it, however that ends.
//!
//! Its socket lies in a folder that nobody else can enter, and it listens on no address, so it asks for no passwords. What
//! a killed process left behind is cleared at the next start.

use std::{
    fs::{self, Permissions},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::{
    ConnectionSettings,
    data_folder::{DataFolder, DataFolderError, Database, FolderLock, GuestMark, Holder},
    roles,
    server::{
        ServerError,
        account::Account,
        binaries::Binaries,
        cluster, memory,
        process::{Launch, Process, superuser},
    },
};

/// The database within the server.
const DATABASE: &str = "propertyos";
/// How the folders of sockets begin. A socket's path ends at 107 bytes, so they lie where no configuration makes it longer.
const SOCKET_FOLDERS: &str = "/tmp/propertyos-";
/// How long a process that was just started by someone else may take until its server answers.
const PATIENCE: Duration = Duration::from_mins(5);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The socket of a server, in its folder.
const SOCKET: &str = ".s.PGSQL.5432";
const LOOK_FOR_SOCKET_EVERY: Duration = Duration::from_millis(500);

/// Room for `serve`, and for commands that reach its server beside it.
const CONNECTIONS: &str = "200";

/// Why there is no private server to work with.
#[derive(Debug, thiserror::Error)]
pub enum PrivateServerError {
    /// The folder can't be used, or another process has it.
    #[error(transparent)]
    Folder(#[from] DataFolderError),
    /// The server doesn't run.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The process that has the folder works with a database elsewhere.
    #[error("process id {} works on this data folder with a database elsewhere: give the same DATABASE_URL here", .0.pid)]
    Elsewhere(Holder),
    /// Nobody has started it.
    #[error("no database runs in {}: start `propertyos serve` there, or set DATABASE_URL and DATABASE_URL_STREAMS", .0.display())]
    NotRunning(PathBuf),
}

/// A private server that answers, with its roles and its database.
#[derive(Debug)]
pub struct PrivateServer {
    socket_folder: PathBuf,
    part: Part,
}

/// What this process is to the server.
#[derive(Debug)]
enum Part {
    /// It has started it.
    Host(Host),
    /// It works with the server of another process, which knows of it.
    Guest { _mark: GuestMark },
}

/// Who has a folder.
enum Found {
    /// Nobody had; it is this process's now.
    Nobody(FolderLock),
    /// A process whose server answers.
    Running(PrivateServer),
}

#[derive(Debug)]
struct Host {
    process: Process,
    lock: FolderLock,
    waits_for_guests: bool,
    _socket_folder: TempDir,
}

impl PrivateServer {
    /// Starts the server of this folder, and makes its data at the first time, for a process that runs until it is told to
    /// stop: `command` is its subcommand.
    ///
    /// # Errors
    /// If another process has the folder, or the server doesn't start.
    pub async fn start(folder: &DataFolder, command: &str) -> Result<Self, PrivateServerError> {
        Self::start_locked(folder, folder.lock(command)?, false).await
    }

    /// The server of this folder, for a command that comes to its end: the one that a running process has started, else a
    /// new one.
    ///
    /// # Errors
    /// If the running process works with another database or doesn't come up, or the new server doesn't start.
    pub async fn reach(folder: &DataFolder, command: &str) -> Result<Self, PrivateServerError> {
        match Self::find(folder, command).await? {
            Found::Nobody(lock) => Self::start_locked(folder, lock, true).await,
            Found::Running(server) => Ok(server),
        }
    }

    /// The server of this folder, for a process that runs as long as the one that has started it.
    ///
    /// # Errors
    /// If no process runs that has started it, or it doesn't come up.
    pub async fn join(folder: &DataFolder, command: &str) -> Result<Self, PrivateServerError> {
        match Self::find(folder, command).await? {
            Found::Nobody(_) => Err(PrivateServerError::NotRunning(folder.path().to_owned())),
            Found::Running(server) => Ok(server),
        }
    }

    /// The server that a running process has started, once it answers.
    async fn find(folder: &DataFolder, command: &str) -> Result<Found, PrivateServerError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let refused = match folder.lock(command) {
                Ok(lock) => return Ok(Found::Nobody(lock)),
                Err(refused) => refused,
            };
            let DataFolderError::InUse { holder, .. } = &refused else {
                return Err(refused.into());
            };
            match holder {
                Some(
                    holder @ Holder {
                        database: Database::Private { socket_folder },
                        ..
                    },
                ) => {
                    if let Some(mark) = folder.join(holder)? {
                        let part = Part::Guest { _mark: mark };
                        return Ok(Found::Running(Self {
                            socket_folder: socket_folder.clone(),
                            part,
                        }));
                    }
                }
                Some(
                    holder @ Holder {
                        database: Database::Outside,
                        ..
                    },
                ) => {
                    return Err(PrivateServerError::Elsewhere(holder.clone()));
                }
                _ => {}
            }
            if Instant::now() > until {
                return Err(refused.into());
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn start_locked(
        folder: &DataFolder,
        lock: FolderLock,
        waits_for_guests: bool,
    ) -> Result<Self, PrivateServerError> {
        let data = folder.path().join("postgres");
        cluster::initialise(&data, &[]).await?;
        cluster::clear(&data).await?;
        let account = Account::for_data(&data)?;
        let socket_folder = new_socket_folder(&account, &folder.path().join("socket-folder"))?;
        let log = folder.path().join("postgres.log");
        let _first = fs::rename(&log, folder.path().join("postgres.log.previous"));
        let launch = Launch {
            binaries: &Binaries::for_data(&data)?,
            account: &account,
            data: &data,
            socket_folder: socket_folder.path(),
            log: &log,
            settings: &[("max_connections", CONNECTIONS.to_owned()), memory::shared_buffers()],
        };
        let mut process = Process::start(&launch).await?;
        if let Err(error) = furnish(socket_folder.path()).await {
            process.stop().await;
            return Err(ServerError::from(error).into());
        }
        let path = socket_folder.path().to_owned();
        lock.announce_database(Database::Private {
            socket_folder: path.clone(),
        })?;
        Ok(Self {
            socket_folder: path,
            part: Part::Host(Host {
                process,
                lock,
                waits_for_guests,
                _socket_folder: socket_folder,
            }),
        })
    }

    /// How to reach the database in each role.
    #[must_use]
    pub fn settings(&self) -> ConnectionSettings {
        ConnectionSettings::local(&self.socket_folder, DATABASE)
    }

    /// Whether this process started it, and stops it.
    #[must_use]
    pub const fn is_own(&self) -> bool {
        matches!(self.part, Part::Host(_))
    }

    /// Tells whoever finds the folder in use where this process serves.
    ///
    /// # Errors
    /// If the folder can't be written to.
    pub fn announce_url(&self, url: &str) -> Result<(), DataFolderError> {
        match &self.part {
            Part::Host(host) => host.lock.announce_url(url),
            Part::Guest { .. } => Ok(()),
        }
    }

    /// Waits until the server has ended, which it doesn't by itself: without it this process can't go on.
    pub async fn ended(&mut self) {
        match &mut self.part {
            Part::Host(host) => host.process.ended().await,
            Part::Guest { .. } => {
                // The server removes its socket, also when its host was killed; the next one has another folder.
                let socket = self.socket_folder.join(SOCKET);
                while socket.exists() {
                    sleep(LOOK_FOR_SOCKET_EVERY).await;
                }
            }
        }
    }

    /// Ends the server in order, unless another process started it. A command that comes to its end first waits for others
    /// that have reached its server meanwhile.
    pub async fn stop(self) {
        if let Part::Host(mut host) = self.part {
            let guests = if host.waits_for_guests {
                host.lock.wait_for_guests().await
            } else {
                None
            };
            host.process.stop().await;
            // In this order: whoever may join again finds nobody to join.
            drop(host);
            drop(guests);
        }
    }
}

/// A new folder for the server's socket, in place of the one that a killed process couldn't remove: `record` keeps its path.
fn new_socket_folder(account: &Account, record: &Path) -> Result<TempDir, ServerError> {
    if let Some(left) = fs::read_to_string(record)
        .ok()
        .filter(|left| left.starts_with(SOCKET_FOLDERS))
    {
        cluster::remove_folder(Path::new(&left))?;
    }
    let parent = Path::new(SOCKET_FOLDERS);
    let folder = tempfile::Builder::new()
        .prefix(parent.file_name().unwrap_or_default())
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent.parent().unwrap_or(parent))
        .map_err(ServerError::file(parent))?;
    fs::write(record, folder.path().as_os_str().as_bytes()).map_err(ServerError::file(record))?;
    account.own(folder.path())?;
    Ok(folder)
}

/// Makes what is missing of the roles and the database.
async fn furnish(socket_folder: &Path) -> Result<(), sqlx::Error> {
    let mut superuser = PgConnection::connect_with(&superuser(socket_folder, "postgres")).await?;
    roles::create(&mut superuser).await?;
    roles::create_database(&mut superuser, DATABASE).await?;
    superuser.close().await
}

#[cfg(test)]
mod tests;
