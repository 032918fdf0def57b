//! AES-256-GCM, with what the ciphertext belongs to as associated data: moved to another person or organization, it
//! doesn't open.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    hmac, rand,
};
use domain::ids::PersonId;
use zeroize::Zeroizing;

use super::{PersonalError, Subject};

/// Stands first in every ciphertext, so that another algorithm can follow.
const AES_256_GCM_1: u8 = 1;
/// Bytes of a key.
pub(crate) const KEY_LEN: usize = 32;

/// The key that wraps the persons' keys. It is kept outside the database.
pub struct MasterKey {
    key: RandomizedNonceKey,
    fingerprint: Vec<u8>,
}

impl MasterKey {
    /// From its 32 bytes.
    ///
    /// # Errors
    /// If the library fails.
    pub fn new(bytes: &[u8; KEY_LEN]) -> Result<Self, PersonalError> {
        let fingerprint = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, bytes), b"master key")
            .as_ref()
            .to_vec();
        Ok(Self {
            key: key(bytes)?,
            fingerprint,
        })
    }

    /// Tells this key from others without giving it away.
    #[must_use]
    pub fn fingerprint(&self) -> &[u8] {
        &self.fingerprint
    }

    pub(super) fn new_key(&self, subject: Subject) -> Result<(PersonKey, Vec<u8>), PersonalError> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        rand::fill(bytes.as_mut_slice()).map_err(|_| PersonalError::Cryptography)?;
        Ok((PersonKey(key(&bytes)?), seal(&self.key, subject, bytes.as_slice())?))
    }

    pub(super) fn unwrap(&self, subject: Subject, wrapped: &[u8]) -> Result<PersonKey, PersonalError> {
        let bytes = open(&self.key, subject, wrapped)
            .and_then(|bytes| Some(Zeroizing::new(<[u8; KEY_LEN]>::try_from(bytes.as_slice()).ok()?)))
            .ok_or(PersonalError::OtherMasterKey(subject.1))?;
        Ok(PersonKey(key(&bytes)?))
    }
}

/// One person's key.
pub struct PersonKey(RandomizedNonceKey);

impl PersonKey {
    pub(super) fn seal(&self, subject: Subject, clear: &[u8]) -> Result<Vec<u8>, PersonalError> {
        seal(&self.0, subject, clear)
    }

    pub(super) fn open(&self, subject: Subject, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, PersonalError> {
        open(&self.0, subject, sealed).ok_or(PersonalError::Broken(subject.1))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey(..)")
    }
}

fn key(bytes: &[u8; KEY_LEN]) -> Result<RandomizedNonceKey, PersonalError> {
    RandomizedNonceKey::new(&AES_256_GCM, bytes).map_err(|_| PersonalError::Cryptography)
}

/// Version, nonce, ciphertext and tag, in this order.
fn seal(key: &RandomizedNonceKey, subject: Subject, clear: &[u8]) -> Result<Vec<u8>, PersonalError> {
    let mut ciphertext = clear.to_vec();
    let nonce = key
        .seal_in_place_append_tag(associated(subject), &mut ciphertext)
        .map_err(|_| PersonalError::Cryptography)?;
    let mut sealed = Vec::with_capacity(1 + NONCE_LEN + ciphertext.len());
    sealed.push(AES_256_GCM_1);
    sealed.extend_from_slice(nonce.as_ref());
    sealed.append(&mut ciphertext);
    Ok(sealed)
}

/// `None` for whatever wasn't sealed with this key for this subject.
fn open(key: &RandomizedNonceKey, subject: Subject, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed
        .strip_prefix(&[AES_256_GCM_1])?
        .split_first_chunk::<NONCE_LEN>()?;
    let mut clear = Zeroizing::new(ciphertext.to_vec());
    let length = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), associated(subject), &mut clear)
        .ok()?
        .len();
    clear.truncate(length);
    Some(clear)
}

fn associated((organization, PersonId(person)): Subject) -> Aad<[u8; 32]> {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(organization.0.as_bytes());
    bytes[16..].copy_from_slice(person.as_bytes());
    Aad::from(bytes)
}
