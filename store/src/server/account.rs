//! As whom a server runs: PostgreSQL refuses root.

use std::{
    ffi::OsStr,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
    process::Command,
};

use super::ServerError;

/// The user that a server and its programs run as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Account {
    /// Whoever runs this process.
    Own,
    /// Another, since this process is root's.
    Other {
        /// Its number.
        uid: u32,
        /// Its group's number.
        gid: u32,
    },
}

impl Account {
    /// The one for data that is still to be made: root gives way to `postgres`.
    pub(crate) fn for_new_data() -> Result<Self, ServerError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        match (id("-u"), id("-g")) {
            (Some(uid), Some(gid)) => Ok(Self::Other { uid, gid }),
            _ => Err(ServerError::NoAccount),
        }
    }

    /// The one for data that exists: for root, its owner.
    pub(crate) fn for_data(data: &Path) -> Result<Self, ServerError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        match std::fs::metadata(data) {
            Ok(data) if data.uid() != 0 => Ok(Self::Other {
                uid: data.uid(),
                gid: data.gid(),
            }),
            _ => Self::for_new_data(),
        }
    }

    /// The program, run as this user, interrupted when the thread that spawns it ends: also by SIGKILL.
    pub(crate) fn command_bound_to_thread(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "INT"])
            .args(self.changes())
            .arg("--")
            .arg(program);
        command
    }

    /// The program, run as this user.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        if *self == Self::Own {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(self.changes()).arg("--").arg(program);
        command
    }

    /// What `setpriv` is told to become this user.
    fn changes(&self) -> Vec<String> {
        match self {
            Self::Own => Vec::new(),
            Self::Other { uid, gid } => {
                vec![
                    format!("--reuid={uid}"),
                    format!("--regid={gid}"),
                    "--clear-groups".to_owned(),
                ]
            }
        }
    }

    /// Gives a file or folder to this user.
    pub(crate) fn own(&self, path: &Path) -> Result<(), ServerError> {
        match self {
            Self::Own => Ok(()),
            Self::Other { uid, gid } => chown(path, Some(*uid), Some(*gid)).map_err(ServerError::file(path)),
        }
    }

    /// Whether this user gets into a folder.
    pub(crate) fn can_enter(&self, folder: &Path) -> bool {
        self.command("test")
            .arg("-x")
            .arg(folder)
            .status()
            .is_ok_and(|status| status.success())
    }
}

/// What `id` says about `postgres`, wherever users are kept.
fn id(what: &str) -> Option<u32> {
    let output = Command::new("id").args([what, "postgres"]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
