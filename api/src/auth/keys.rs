//! The keys that tokens are signed with: a JWKS file in the data directory.
//!
//! The first key of the file signs; the others only verify what they signed before they were rotated out. Every process
//! of the installation reads the same file, and a running server notices when it changes.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::SystemTime,
};

use aws_lc_rs::{
    encoding::AsBigEndian as _,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{DecodingKey, EncodingKey, jwk::ThumbprintHash};
use serde::{Deserialize, Serialize};

/// How many rotated keys still verify.
const KEPT: usize = 2;

/// Why the keys can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file can't be read or written.
    #[error("the signing keys in {} can't be used: {source}", path.display())]
    File {
        /// Where they are kept.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The file is no JWKS of Ed25519 keys.
    #[error("{} holds no signing keys: {problem}", path.display())]
    Content {
        /// Where they are kept.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A key could not be made.
    #[error("a signing key could not be made")]
    Generate,
}

/// One Ed25519 key as a JWK (RFC 8037), with its private half.
#[derive(Clone, Serialize, Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    #[serde(rename = "use")]
    usage: String,
    alg: String,
    kid: String,
    x: String,
    d: String,
}

#[derive(Serialize, Deserialize)]
struct Jwks {
    keys: Vec<Jwk>,
}

/// The public half of the keys, for whoever verifies tokens elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PublicKeys {
    /// One for each key that still verifies; the first signs.
    pub keys: Vec<PublicKey>,
}

/// An Ed25519 key as a JWK (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PublicKey {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// `EdDSA`.
    pub alg: String,
    /// The name by which a token says who signed it.
    pub kid: String,
    /// The key, base64url.
    pub x: String,
}

struct Key {
    kid: String,
    signing: EncodingKey,
    verifying: DecodingKey,
    public: PublicKey,
}

/// The keys of one reading of the file.
pub struct KeyRing {
    keys: Vec<Key>,
    /// Which writing of the file it is: a ring is out of date once this differs.
    writing: Writing,
}

impl KeyRing {
    /// The keys of an installation; makes the first one if there is none.
    ///
    /// # Errors
    /// Says why the file can't be read or written.
    pub fn open(path: &Path) -> Result<Self, KeysError> {
        if let Some(ring) = Self::read(path)? {
            return Ok(ring);
        }
        write(
            path,
            &Jwks {
                keys: vec![Jwk::generate()?],
            },
            Overwrite::Never,
        )?;
        Self::read(path)?.ok_or_else(|| file_error(path)(io::ErrorKind::NotFound.into()))
    }

    /// Makes a new key that signs from now on. With `revoke`, nothing that older keys signed is accepted any more.
    ///
    /// # Errors
    /// Says why the file can't be read or written.
    pub fn rotate(path: &Path, revoke: bool) -> Result<Self, KeysError> {
        let mut keys = vec![Jwk::generate()?];
        if !revoke && let Some(older) = parse(path)? {
            keys.extend(older.keys.into_iter().take(KEPT));
        }
        write(path, &Jwks { keys }, Overwrite::Always)?;
        Self::open(path)
    }

    /// True as long as the file is the one that was read.
    #[must_use]
    pub fn is_current(&self, path: &Path) -> bool {
        writing(path).is_ok_and(|writing| writing == self.writing)
    }

    /// The name of the key that signs, and the key.
    #[must_use]
    pub(super) fn signing(&self) -> (&str, &EncodingKey) {
        // `read` refuses a file without keys.
        (&self.keys[0].kid, &self.keys[0].signing)
    }

    /// The key of this name.
    #[must_use]
    pub(super) fn verifying(&self, kid: &str) -> Option<&DecodingKey> {
        self.keys.iter().find(|key| key.kid == kid).map(|key| &key.verifying)
    }

    /// What others may know of the keys.
    #[must_use]
    pub fn public(&self) -> PublicKeys {
        PublicKeys {
            keys: self.keys.iter().map(|key| key.public.clone()).collect(),
        }
    }

    fn read(path: &Path) -> Result<Option<Self>, KeysError> {
        let Some(jwks) = parse(path)? else { return Ok(None) };
        let keys = jwks.keys.iter().map(Key::from_jwk).collect::<Option<Vec<_>>>();
        match keys {
            Some(keys) if !keys.is_empty() => Ok(Some(Self {
                keys,
                writing: writing(path).map_err(file_error(path))?,
            })),
            Some(_) => Err(KeysError::Content {
                path: path.to_owned(),
                problem: "it is empty".into(),
            }),
            None => Err(KeysError::Content {
                path: path.to_owned(),
                problem: "a key is no Ed25519 pair".into(),
            }),
        }
    }
}

impl Jwk {
    fn generate() -> Result<Self, KeysError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeysError::Generate)?;
        let seed = pair
            .seed()
            .and_then(|seed| seed.as_be_bytes())
            .map_err(|_| KeysError::Generate)?;
        let x = BASE64.encode(pair.public_key());
        let public = DecodingKey::from_ed_components(&x).map_err(|_| KeysError::Generate)?;
        let kid = jsonwebtoken::jwk::Jwk::from_decoding_key(&public, Some(jsonwebtoken::Algorithm::EdDSA))
            .and_then(|jwk| jwk.thumbprint(ThumbprintHash::SHA256))
            .map_err(|_| KeysError::Generate)?;
        Ok(Self {
            kty: "OKP".into(),
            crv: "Ed25519".into(),
            usage: "sig".into(),
            alg: "EdDSA".into(),
            kid,
            x,
            d: BASE64.encode(seed.as_ref()),
        })
    }
}

impl Key {
    fn from_jwk(jwk: &Jwk) -> Option<Self> {
        let (seed, public) = (BASE64.decode(&jwk.d).ok()?, BASE64.decode(&jwk.x).ok()?);
        let pair = Ed25519KeyPair::from_seed_and_public_key(&seed, &public).ok()?;
        Some(Self {
            kid: jwk.kid.clone(),
            signing: EncodingKey::from_ed_der(pair.to_pkcs8().ok()?.as_ref()),
            verifying: DecodingKey::from_ed_der(&public),
            public: PublicKey {
                kty: jwk.kty.clone(),
                crv: jwk.crv.clone(),
                usage: jwk.usage.clone(),
                alg: jwk.alg.clone(),
                kid: jwk.kid.clone(),
                x: jwk.x.clone(),
            },
        })
    }
}

/// What the file holds; `None` if there is no file.
fn parse(path: &Path) -> Result<Option<Jwks>, KeysError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error(path)(error)),
    };
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| KeysError::Content {
            path: path.to_owned(),
            problem: error.to_string(),
        })
}

#[derive(Clone, Copy, PartialEq)]
enum Overwrite {
    Always,
    /// The file of whoever was first stays.
    Never,
}

/// Writes beside the file and then puts it in its place, so that no reader ever sees half of it.
fn write(path: &Path, jwks: &Jwks, overwrite: Overwrite) -> Result<(), KeysError> {
    let put = || -> io::Result<()> {
        let beside = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(jwks)?)?;
        file.sync_all()?;
        if overwrite == Overwrite::Always {
            return fs::rename(&beside, path);
        }
        let placed = fs::hard_link(&beside, path);
        fs::remove_file(&beside)?;
        match placed {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    };
    put().map_err(file_error(path))
}

/// Each writing puts a new file in place: another inode, or at least another time.
type Writing = (u64, SystemTime);

fn writing(path: &Path) -> io::Result<Writing> {
    let file = fs::metadata(path)?;
    Ok((file.ino(), file.modified()?))
}

fn file_error(path: &Path) -> impl FnOnce(io::Error) -> KeysError {
    let path = path.to_owned();
    move |source| KeysError::File { path, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn kids(ring: &KeyRing) -> Vec<String> {
        ring.public().keys.into_iter().map(|key| key.kid).collect()
    }

    #[test]
    fn the_first_opening_makes_a_key_and_later_ones_find_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        let made = KeyRing::open(&path).unwrap();
        let found = KeyRing::open(&path).unwrap();
        assert_eq!(kids(&made).len(), 1);
        assert_eq!(made.public(), found.public());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_rotated_key_verifies_two_rotations_longer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        let first = kids(&KeyRing::open(&path).unwrap()).remove(0);
        for _ in 0..KEPT {
            let ring = KeyRing::rotate(&path, false).unwrap();
            assert!(ring.verifying(&first).is_some());
            assert_ne!(ring.signing().0, first);
        }
        assert!(KeyRing::rotate(&path, false).unwrap().verifying(&first).is_none());
    }

    #[test]
    fn revoking_leaves_only_the_new_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        let ring = KeyRing::open(&path).unwrap();
        assert!(ring.is_current(&path));
        let revoked = KeyRing::rotate(&path, true).unwrap();
        assert_eq!(kids(&revoked).len(), 1);
        assert_ne!(kids(&revoked), kids(&ring));
        assert!(!ring.is_current(&path));
    }

    #[test]
    fn the_public_half_shows_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let ring = KeyRing::open(&folder.path().join("jwks.json")).unwrap();
        let shown = serde_json::to_value(ring.public()).unwrap();
        assert_eq!(shown["keys"][0]["crv"], "Ed25519");
        assert!(shown["keys"][0].get("d").is_none());
    }

    #[test]
    fn a_file_that_is_no_jwks_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        for text in ["", "{}", r#"{"keys":[]}"#] {
            fs::write(&path, text).unwrap();
            assert!(matches!(KeyRing::open(&path), Err(KeysError::Content { .. })), "{text}");
        }
    }
}
