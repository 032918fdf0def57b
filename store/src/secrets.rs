//! The keys that the server keeps outside the database: files that only it can read, or values from its configuration.
//!
//! The database knows them by fingerprint. Opened with other keys it would seem to work and not: personal data wouldn't
//! open, and no repeated command would be recognised. So that is refused at start-up.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use aws_lc_rs::{hmac, rand};
use base64::{Engine, engine::general_purpose::STANDARD};
use sqlx::{PgConnection, PgPool};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use crate::personal::{KEY_LEN, MasterKey, PersonalError};

/// The names under which the keys are kept, as files and in the database.
const MASTER: &str = "master.key";
const COMMAND_HASH: &str = "command-hash.key";

/// Why there are no keys to work with.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others could read it.
    #[error("{} can be read by others (mode {mode:o}): chmod 600 it, and think of its content as known", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It isn't a key.
    #[error("{0} is not 32 bytes in base64")]
    Form(String),
    /// The database was used with another key.
    #[error("{0} is another key than the one this database was made with: bring that one back")]
    Other(&'static str),
    /// The database was never told of the keys.
    #[error("the database doesn't know {0}: run `propertyos migrate`")]
    Unknown(&'static str),
    /// The library for it refused to work.
    #[error("the cryptographic library failed")]
    Cryptography,
    /// The database can't be asked.
    #[error("the fingerprints of the keys can't be read")]
    Database(#[from] sqlx::Error),
}

impl From<PersonalError> for SecretError {
    fn from(_: PersonalError) -> Self {
        Self::Cryptography
    }
}

/// The keys of one installation.
pub struct Secrets {
    /// Wraps the keys of persons.
    pub master: MasterKey,
    /// Hashes commands, so that a repeated one is recognised and nobody can guess back what one said.
    pub command_hash: HashKey,
}

impl Secrets {
    /// From a folder; what is missing is made.
    ///
    /// # Errors
    /// A folder or file that can't be used, or one that others can read.
    pub fn in_folder(folder: &Path) -> Result<Self, SecretError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(file(folder))?;
        let read = |name: &str| read_or_create(&folder.join(name));
        Self::new(&read(MASTER)?, &read(COMMAND_HASH)?)
    }

    /// From configuration, each key as 32 bytes in base64.
    ///
    /// # Errors
    /// A value that isn't a key.
    pub fn from_configuration(master: &str, command_hash: &str) -> Result<Self, SecretError> {
        Self::new(
            &decode("the configured master key", master)?,
            &decode("the configured command hash key", command_hash)?,
        )
    }

    fn new(master: &Key, command_hash: &Key) -> Result<Self, SecretError> {
        Ok(Self {
            master: MasterKey::new(master)?,
            command_hash: HashKey::new(command_hash),
        })
    }

    /// Tells a database which keys it is used with, as the owner, unless it knows of some already.
    ///
    /// # Errors
    /// A database that can't be written to.
    pub async fn introduce(&self, owner: &mut PgConnection) -> Result<(), SecretError> {
        for (name, fingerprint) in self.fingerprints() {
            sqlx::query("INSERT INTO secret_fingerprints (name, fingerprint) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(name)
                .bind(fingerprint)
                .execute(&mut *owner)
                .await?;
        }
        Ok(())
    }

    /// Refuses a database that was made with other keys.
    ///
    /// # Errors
    /// Keys that are others or unknown, or a database that can't be asked.
    pub async fn verify(&self, pool: &PgPool) -> Result<(), SecretError> {
        for (name, fingerprint) in self.fingerprints() {
            let known: Option<Vec<u8>> =
                sqlx::query_scalar("SELECT fingerprint FROM secret_fingerprints WHERE name = $1")
                    .bind(name)
                    .fetch_optional(pool)
                    .await?;
            match known {
                Some(known) if known == fingerprint => {}
                Some(_) => return Err(SecretError::Other(name)),
                None => return Err(SecretError::Unknown(name)),
            }
        }
        Ok(())
    }

    fn fingerprints(&self) -> [(&'static str, Vec<u8>); 2] {
        let command_hash = self.command_hash.sign([b"fingerprint".as_slice()]);
        [
            (MASTER, self.master.fingerprint().to_vec()),
            (COMMAND_HASH, command_hash),
        ]
    }
}

/// Makes hashes that only this server can make.
#[derive(Debug, Clone)]
pub struct HashKey(hmac::Key);

impl HashKey {
    fn new(bytes: &Key) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes.as_slice()))
    }

    /// The HMAC-SHA256 of some parts. Each goes in with its length, so that no two lists of parts look the same.
    pub fn sign<'p>(&self, parts: impl IntoIterator<Item = &'p [u8]>) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref().to_vec()
    }
}

type Key = Zeroizing<[u8; KEY_LEN]>;

fn read_or_create(path: &Path) -> Result<Key, SecretError> {
    match fs::metadata(path) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => create(path)?,
        Err(error) => return Err(file(path)(error)),
    }
    read(path)
}

fn read(path: &Path) -> Result<Key, SecretError> {
    let mode = fs::metadata(path).map_err(file(path))?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(file(path))?);
    decode(&path.display().to_string(), &text)
}

/// The file appears complete or not at all, and of two processes that make it at once the first one's stays.
fn create(path: &Path) -> Result<(), SecretError> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    rand::fill(key.as_mut_slice()).map_err(|_| SecretError::Cryptography)?;
    let text = Zeroizing::new(STANDARD.encode(key.as_slice()) + "\n");
    // Only its owner can read such a file.
    let mut new = NamedTempFile::new_in(path.parent().unwrap_or(path)).map_err(file(path))?;
    new.write_all(text.as_bytes())
        .and_then(|()| new.as_file().sync_all())
        .map_err(file(path))?;
    match new.persist_noclobber(path) {
        Err(refused) if refused.error.kind() != ErrorKind::AlreadyExists => Err(file(path)(refused.error)),
        _ => Ok(()),
    }
}

fn decode(what: &str, text: &str) -> Result<Key, SecretError> {
    let bytes = STANDARD.decode(text.trim()).map(Zeroizing::new).ok();
    let key = bytes.and_then(|bytes| <[u8; KEY_LEN]>::try_from(bytes.as_slice()).ok());
    key.map(Zeroizing::new)
        .ok_or_else(|| SecretError::Form(what.to_owned()))
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> SecretError {
    let path = path.to_owned();
    move |source| SecretError::File { path, source }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;
    use crate::{MIGRATIONS, testing::TestDatabase};

    #[test]
    fn keys_made_once_are_found_again_and_nobody_else_can_read_them() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("data/secrets");
        let made = Secrets::in_folder(&folder).unwrap();
        let found = Secrets::in_folder(&folder).unwrap();
        assert_eq!(made.fingerprints(), found.fingerprints());
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        let mut names: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, [COMMAND_HASH, MASTER]);
        for name in names {
            assert_eq!(
                fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }

    #[test]
    fn two_installations_have_different_keys() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (one, two) = (
            Secrets::in_folder(one.path()).unwrap(),
            Secrets::in_folder(two.path()).unwrap(),
        );
        for (one, two) in one.fingerprints().into_iter().zip(two.fingerprints()) {
            assert_ne!(one, two);
        }
    }

    #[test]
    fn processes_that_start_at_once_agree_on_the_keys() {
        let folder = tempfile::tempdir().unwrap();
        let start = || Secrets::in_folder(folder.path()).map(|secrets| secrets.fingerprints());
        let all: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap().unwrap())
                .collect()
        });
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        Secrets::in_folder(folder.path()).unwrap();
        fs::set_permissions(folder.path().join(MASTER), Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            Secrets::in_folder(folder.path()),
            Err(SecretError::Exposed { mode: 0o640, .. })
        ));
    }

    #[test]
    fn a_value_that_is_no_key_is_refused_by_its_name_and_not_repeated() {
        let key = STANDARD.encode([7; KEY_LEN]);
        Secrets::from_configuration(&key, &key).unwrap();
        let refused = Secrets::from_configuration(&key, "c2hvcnQ=").err().unwrap();
        assert_eq!(
            refused.to_string(),
            "the configured command hash key is not 32 bytes in base64"
        );
    }

    #[test]
    fn a_hash_depends_on_where_the_parts_end() {
        let key = HashKey::new(&Zeroizing::new([7; KEY_LEN]));
        assert_eq!(key.sign([b"ab".as_slice(), b"c"]), key.sign([b"ab".as_slice(), b"c"]));
        assert_ne!(key.sign([b"ab".as_slice(), b"c"]), key.sign([b"a".as_slice(), b"bc"]));
    }

    #[tokio::test]
    async fn a_database_made_with_other_keys_is_refused() {
        let database = TestDatabase::new(&[("store", MIGRATIONS)]).await;
        let pools = database.pools().await;
        let secrets = |byte| {
            let key = STANDARD.encode([byte; KEY_LEN]);
            Secrets::from_configuration(&key, &key).unwrap()
        };
        assert!(matches!(
            secrets(1).verify(&pools.app).await,
            Err(SecretError::Unknown(MASTER))
        ));
        let mut owner = database.owner().await;
        secrets(1).introduce(&mut owner).await.unwrap();
        secrets(1).introduce(&mut owner).await.unwrap();
        secrets(1).verify(&pools.app).await.unwrap();
        secrets(1).verify(&pools.stream).await.unwrap();
        secrets(2).introduce(&mut owner).await.unwrap();
        assert!(matches!(
            secrets(2).verify(&pools.app).await,
            Err(SecretError::Other(MASTER))
        ));
    }
}
