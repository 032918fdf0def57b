//! The folder in which one installation keeps what it has on this machine, and who works in it.
//!
//! Invariant: one process at a time holds its lock. Whoever reads `running.json` believes it only while the lock is held
//! and the process it names lives.

use std::{
    fs::{self, DirBuilder, File, Permissions, TryLockError},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Mutex,
};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;

use crate::server::{ServerError, account::Account};

/// Where data goes that the private server's user couldn't reach.
const FALLBACK: &str = "/var/lib/propertyos";
const RUNNING: &str = "running.json";

/// A folder that exists and can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder {
    path: PathBuf,
    instead_of: Option<PathBuf>,
}

/// Why a folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    /// It can't be made or read.
    #[error("the data folder {}: {source}", path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The private server's user.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// Another process has it.
    #[error("{}", in_use(path, holder.as_ref()))]
    InUse {
        /// The folder.
        path: PathBuf,
        /// By whom; unknown for the moment in which a process starts.
        holder: Option<Holder>,
    },
}

fn in_use(path: &Path, holder: Option<&Holder>) -> String {
    let path = path.display();
    match holder {
        Some(Holder {
            pid,
            command,
            url: Some(url),
            ..
        }) => {
            format!("`propertyos {command}` is already running on {path}: process id {pid}, {url}")
        }
        Some(Holder { pid, command, .. }) => {
            format!("`propertyos {command}` is already running on {path}: process id {pid}")
        }
        None => format!("another process is just starting on {path}"),
    }
}

/// Who works in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Its subcommand, such as `serve`.
    pub command: String,
    /// Where it serves, once it does.
    pub url: Option<String>,
    /// Which database it works with.
    pub database: Database,
}

/// The database that the process in a folder works with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Database {
    /// Not known yet.
    Starting,
    /// The private server, which answers.
    Private {
        /// The folder of its socket.
        socket_folder: PathBuf,
    },
    /// One that others run.
    Outside,
}

impl DataFolder {
    /// Makes the folder unless it is there.
    ///
    /// # Errors
    /// If it can't be made.
    pub fn open(wanted: &Path) -> Result<Self, DataFolderError> {
        Self::make(wanted, 0o700)
    }

    /// The same for a folder that a private server keeps its data in. Root's server runs as another user: a folder which
    /// that user can't enter gives way to `/var/lib/propertyos`, and [`Self::notice`] says so.
    ///
    /// # Errors
    /// If neither can be made, or there is no user to run a server as.
    pub fn open_for_private_server(wanted: &Path) -> Result<Self, DataFolderError> {
        Self::open_for(&Account::for_new_data()?, wanted, Path::new(FALLBACK))
    }

    fn open_for(account: &Account, wanted: &Path, fallback: &Path) -> Result<Self, DataFolderError> {
        if *account == Account::Own {
            return Self::open(wanted);
        }
        // Its user passes through to the server's data; what is not the server's has stricter folders within.
        let folder = Self::make(wanted, 0o711)?;
        if account.can_enter(&folder.path) {
            return Ok(folder);
        }
        // Stays if anything is in it.
        let _kept = fs::remove_dir(&folder.path);
        let given = Self::make(fallback, 0o711)?;
        Ok(Self {
            instead_of: Some(folder.path),
            ..given
        })
    }

    /// A folder that was there keeps its permissions: it may be one that others made and use.
    fn make(path: &Path, mode: u32) -> Result<Self, DataFolderError> {
        if !path.is_dir() {
            DirBuilder::new().recursive(true).create(path).map_err(file(path))?;
            fs::set_permissions(path, Permissions::from_mode(mode)).map_err(file(path))?;
        }
        let path = path.canonicalize().map_err(file(path))?;
        Ok(Self { path, instead_of: None })
    }

    /// Where it is, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a person who asked for another folder must be told.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        let wanted = self.instead_of.as_ref()?.display();
        let path = self.path.display();
        Some(format!(
            "PostgreSQL's user can't enter {wanted}, so the data is kept in {path}"
        ))
    }

    /// A folder within it that only this process's user can read, made unless it is there.
    ///
    /// # Errors
    /// If it can't be made.
    pub fn private_folder(&self, name: &str) -> Result<PathBuf, DataFolderError> {
        let path = self.path.join(name);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(file(&path))?;
        Ok(path)
    }

    /// Takes the folder for this process, until the lock is dropped or the process ends.
    ///
    /// # Errors
    /// If another has it.
    pub fn lock(&self, command: &str) -> Result<FolderLock, DataFolderError> {
        let path = self.path.join("lock");
        let lock = lockable(&path)?;
        match lock.try_lock() {
            Ok(()) => FolderLock::new(self.path.clone(), lock, command),
            Err(TryLockError::WouldBlock) => Err(DataFolderError::InUse {
                path: self.path.clone(),
                holder: self.holder(),
            }),
            Err(TryLockError::Error(source)) => Err(DataFolderError::File { path, source }),
        }
    }

    /// Tells the process that has the folder, and is this one, that another works with its database. `None` if it is just
    /// leaving.
    pub(crate) fn join(&self, holder: &Holder) -> Result<Option<GuestMark>, DataFolderError> {
        let guests = guests(&self.path)?;
        match guests.try_lock_shared() {
            Ok(()) => Ok((self.holder().as_ref() == Some(holder)).then_some(GuestMark(guests))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(file(&self.path)(source)),
        }
    }

    /// What the process that has the folder says about itself.
    fn holder(&self) -> Option<Holder> {
        let text = fs::read(self.path.join(RUNNING)).ok()?;
        let holder: Holder = serde_json::from_slice(&text).ok()?;
        Path::new("/proc")
            .join(holder.pid.to_string())
            .exists()
            .then_some(holder)
    }
}

/// The folder is this process's while this lives.
#[derive(Debug)]
pub struct FolderLock {
    folder: PathBuf,
    holder: Mutex<Holder>,
    _lock: File,
}

impl FolderLock {
    fn new(folder: PathBuf, lock: File, command: &str) -> Result<Self, DataFolderError> {
        let holder = Holder {
            pid: std::process::id(),
            command: command.to_owned(),
            url: None,
            database: Database::Starting,
        };
        let lock = Self {
            folder,
            holder: Mutex::new(holder),
            _lock: lock,
        };
        lock.tell(|_| ())?;
        Ok(lock)
    }

    /// Tells others where this process serves.
    ///
    /// # Errors
    /// If the folder can't be written to.
    pub fn announce_url(&self, url: &str) -> Result<(), DataFolderError> {
        self.tell(|holder| holder.url = Some(url.to_owned()))
    }

    /// Tells others which database this process works with.
    ///
    /// # Errors
    /// If the folder can't be written to.
    pub fn announce_database(&self, database: Database) -> Result<(), DataFolderError> {
        self.tell(|holder| holder.database = database)
    }

    /// Waits until no other process works with this one's database; none begins to while the result is held.
    pub(crate) async fn wait_for_guests(&self) -> Option<File> {
        let guests = guests(&self.folder).ok()?;
        let alone = spawn_blocking(move || guests.lock().map(|()| guests)).await;
        alone.ok()?.ok()
    }

    fn tell(&self, change: impl FnOnce(&mut Holder)) -> Result<(), DataFolderError> {
        let mut holder = self.holder.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut holder);
        let path = self.folder.join(RUNNING);
        let written = || {
            let mut new = NamedTempFile::new_in(&self.folder)?;
            new.write_all(&serde_json::to_vec(&*holder)?)?;
            new.persist(&path)?;
            Ok(())
        };
        written().map_err(file(&path))
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        let _gone = fs::remove_file(self.folder.join(RUNNING));
    }
}

/// Held, shared, by each process that works with the database of the one that has the folder.
#[derive(Debug)]
pub(crate) struct GuestMark(#[expect(dead_code, reason = "holding it is its use")] File);

fn guests(folder: &Path) -> Result<File, DataFolderError> {
    lockable(&folder.join("guests"))
}

fn lockable(path: &Path) -> Result<File, DataFolderError> {
    File::options()
        .create(true)
        .write(true)
        .truncate(false)
        .open(path)
        .map_err(file(path))
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> DataFolderError {
    let path = path.to_owned();
    move |source| DataFolderError::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_folder_is_for_its_user_only() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(&parent.path().join("a/b")).unwrap();
        assert_eq!(mode(folder.path()), 0o700);
        assert_eq!(mode(&folder.private_folder("secrets").unwrap()), 0o700);
        assert_eq!(folder.notice(), None);
    }

    #[test]
    fn the_second_process_is_told_about_the_first_until_that_ends() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(parent.path()).unwrap();
        let lock = folder.lock("serve").unwrap();
        let refused = folder.lock("demo").unwrap_err().to_string();
        let (path, pid) = (folder.path().display(), std::process::id());
        assert_eq!(
            refused,
            format!("`propertyos serve` is already running on {path}: process id {pid}")
        );
        lock.announce_url("http://127.0.0.1:8080").unwrap();
        let refused = folder.lock("demo").unwrap_err().to_string();
        assert!(
            refused.ends_with(&format!("process id {pid}, http://127.0.0.1:8080")),
            "{refused}"
        );
        drop(lock);
        folder.lock("demo").unwrap();
    }

    #[test]
    fn what_a_killed_process_said_is_not_believed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(parent.path()).unwrap();
        let killed = Holder {
            pid: u32::MAX,
            command: "serve".into(),
            url: Some("http://127.0.0.1:8080".into()),
            database: Database::Outside,
        };
        fs::write(folder.path().join(RUNNING), serde_json::to_vec(&killed).unwrap()).unwrap();
        assert_eq!(folder.holder(), None);
        folder.lock("serve").unwrap();
    }

    #[test]
    fn a_folder_that_was_there_keeps_its_permissions() {
        let parent = tempfile::tempdir().unwrap();
        fs::set_permissions(parent.path(), Permissions::from_mode(0o755)).unwrap();
        assert_eq!(mode(DataFolder::open(parent.path()).unwrap().path()), 0o755);
    }

    /// A folder in a parent that only its owner enters, opened for a server that runs as this user.
    fn opened_for(account: &Account) -> (tempfile::TempDir, DataFolder) {
        let parent = tempfile::tempdir().unwrap();
        fs::set_permissions(parent.path(), Permissions::from_mode(0o700)).unwrap();
        let fallback = parent.path().join("fallback");
        let folder = DataFolder::open_for(account, &parent.path().join("wanted"), &fallback).unwrap();
        (parent, folder)
    }

    #[test]
    fn a_folder_stays_where_the_servers_user_gets_in() {
        let (parent, folder) = opened_for(&Account::Own);
        assert_eq!(folder.path(), parent.path().join("wanted"));
        assert_eq!(folder.notice(), None);
    }

    #[test]
    fn a_folder_gives_way_where_the_servers_user_does_not_get_in() {
        // Nobody but root may become another user, so for others no user gets in.
        let nobody = Account::Other { uid: 65534, gid: 65534 };
        let (parent, folder) = opened_for(&nobody);
        assert_eq!(folder.path(), parent.path().join("fallback"));
        let wanted = parent.path().join("wanted");
        assert!(!wanted.exists());
        let notice = folder.notice().unwrap();
        assert!(notice.contains(&wanted.display().to_string()), "{notice}");
        assert!(notice.contains(&folder.path().display().to_string()), "{notice}");
        assert_eq!(mode(folder.path()), 0o711);
    }
}
