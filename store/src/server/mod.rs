//! A PostgreSQL server as a child process: found, initialised, started, stopped.

pub(crate) mod account;
pub(crate) mod binaries;
pub(crate) mod cluster;
pub(crate) mod memory;
pub(crate) mod process;

use std::path::PathBuf;

/// Why a server of our own doesn't run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// `initdb` and `postgres` are nowhere.
    #[error(
        "no PostgreSQL of version {oldest} or newer on this machine: install it (Debian: apt-get install postgresql)"
    )]
    NotInstalled {
        /// The oldest that would do.
        oldest: i32,
    },
    /// The data was made by a version that isn't installed.
    #[error("{} was made by PostgreSQL {version}, which isn't installed: install it, or move the data over with pg_upgrade", data.display())]
    OtherVersion {
        /// The server's data.
        data: PathBuf,
        /// What made it.
        version: i32,
    },
    /// Root can't run PostgreSQL, and there is no user to run it as.
    #[error(
        "PostgreSQL doesn't run as root, and there is no user `postgres` to run it as: install PostgreSQL's package or start as another user"
    )]
    NoAccount,
    /// A program that makes or starts a server failed.
    #[error("{program} failed: {output}")]
    Program {
        /// Which.
        program: &'static str,
        /// The end of what it printed.
        output: String,
    },
    /// The server ended instead of answering.
    #[error("PostgreSQL didn't start: {output}")]
    Ended {
        /// The end of its log.
        output: String,
    },
    /// It neither answered nor ended.
    #[error("PostgreSQL didn't answer in time: {output}")]
    Silent {
        /// The end of its log.
        output: String,
    },
    /// One that was left behind doesn't go away.
    #[error("PostgreSQL with process id {pid} still works on {} and doesn't stop", data.display())]
    LeftBehind {
        /// Its process id.
        pid: i32,
        /// The server's data.
        data: PathBuf,
    },
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It runs, but its roles or database can't be made.
    #[error("the server's roles and database can't be made")]
    Database(#[from] sqlx::Error),
}

impl ServerError {
    /// An I/O error with the path it is about.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
