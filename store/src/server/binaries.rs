//! The machine's PostgreSQL programs. Debian keeps them off the path.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use super::ServerError;
use crate::OLDEST_SERVER;

/// A folder with `initdb` and `postgres` in it, of one major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    folder: PathBuf,
    version: i32,
}

impl Binaries {
    /// The newest on this machine.
    pub(crate) fn newest() -> Result<Self, ServerError> {
        Self::all()
            .into_iter()
            .max_by_key(|binaries| binaries.version)
            .ok_or(ServerError::NotInstalled { oldest: OLDEST_SERVER })
    }

    /// Those that made the data.
    pub(crate) fn for_data(data: &Path) -> Result<Self, ServerError> {
        let file = data.join("PG_VERSION");
        let text = std::fs::read_to_string(&file).map_err(ServerError::file(&file))?;
        let version = text.trim().parse().unwrap_or_default();
        Self::all()
            .into_iter()
            .find(|binaries| binaries.version == version)
            .ok_or_else(|| ServerError::OtherVersion {
                data: data.to_owned(),
                version,
            })
    }

    /// The path of one program.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn all() -> Vec<Self> {
        let packaged = ["/usr/lib/postgresql"]
            .into_iter()
            .filter_map(|parent| std::fs::read_dir(parent).ok())
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")));
        let path = env::var_os("PATH").unwrap_or_default();
        let on_path: Vec<PathBuf> = env::split_paths(&path).collect();
        on_path.into_iter().chain(packaged).filter_map(Self::at).collect()
    }

    fn at(folder: PathBuf) -> Option<Self> {
        if !folder.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
        let version = major_version(&String::from_utf8(output.stdout).ok()?)?;
        (version >= OLDEST_SERVER).then_some(Self { folder, version })
    }
}

/// From a line such as `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major_version(line: &str) -> Option<i32> {
    let number = line.strip_prefix("postgres (PostgreSQL) ")?;
    let digits = number
        .find(|c: char| !c.is_ascii_digit())
        .map_or(number, |end| &number[..end]);
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_every_kind_of_release() {
        assert_eq!(
            major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major_version("postgres (PostgreSQL) 17\n"), Some(17));
        assert_eq!(major_version("postgres: not found"), None);
    }
}
