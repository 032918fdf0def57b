//! Tokens: minting, and verifying once for as long as they live.

use std::{
    path::PathBuf,
    sync::{
        Arc, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{OrganizationId, ResidentId, UserId};
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    keys::{KeyRing, KeysError, PublicKeys},
    roles::Role,
};

/// Who issues our tokens and whom they are for.
const ISSUER: &str = "propertyos";

/// How many verified tokens are remembered.
const REMEMBERED: u64 = 20_000;

/// How often a server looks whether the keys were rotated, in seconds.
const RECHECK_SECONDS: i64 = 2;

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The person or process.
    pub user: UserId,
    /// For which organization.
    pub organization: OrganizationId,
    /// As what.
    pub roles: Vec<Role>,
    /// Which resident they are, if they are one.
    pub resident: Option<ResidentId>,
}

impl Caller {
    /// True with one of these roles.
    #[must_use]
    pub fn is_any(&self, roles: &[Role]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }
}

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    /// The organization: the public name of the unit of isolation.
    tenant_id: OrganizationId,
    roles: Vec<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resident_id: Option<ResidentId>,
    iat: i64,
    exp: i64,
}

/// Why a token is not accepted. The words are for the caller and say nothing of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was once good.
    #[error("the token has expired")]
    Expired,
    /// It was never good, or its key was revoked.
    #[error("the token is not valid here")]
    Invalid,
}

#[derive(Clone)]
struct Verified {
    caller: Arc<Caller>,
    expires: i64,
}

/// Mints tokens and verifies them.
pub struct Tokens {
    path: PathBuf,
    ring: RwLock<Arc<KeyRing>>,
    checked: AtomicI64,
    verified: moka::sync::Cache<String, Verified>,
}

impl Tokens {
    /// With the keys in this file; makes the first key if there is none.
    ///
    /// # Errors
    /// Says why the keys can't be read or written.
    pub fn open(path: PathBuf, now: DateTime<Utc>) -> Result<Self, KeysError> {
        let ring = RwLock::new(Arc::new(KeyRing::open(&path)?));
        let checked = AtomicI64::new(now.timestamp());
        Ok(Self {
            path,
            ring,
            checked,
            verified: moka::sync::Cache::new(REMEMBERED),
        })
    }

    /// A token for a caller, good from now for so long.
    ///
    /// # Errors
    /// If signing fails, which only a broken key can cause.
    pub fn mint(
        &self,
        caller: &Caller,
        now: DateTime<Utc>,
        lifetime: TimeDelta,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let ring = self.ring();
        let (kid, key) = ring.signing();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: ISSUER.into(),
            sub: caller.user,
            tenant_id: caller.organization,
            roles: caller.roles.clone(),
            resident_id: caller.resident,
            iat: now.timestamp(),
            exp: now
                .checked_add_signed(lifetime)
                .unwrap_or(DateTime::<Utc>::MAX_UTC)
                .timestamp(),
        };
        let header = Header {
            kid: Some(kid.to_owned()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, &claims, key)
    }

    /// Who calls with this token.
    ///
    /// # Errors
    /// Refuses what we did not sign, what has expired, and a resident's token without the resident.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Caller>, TokenError> {
        self.follow_rotation(now);
        let known = self.verified.get(token);
        let verified = match known {
            Some(verified) => verified,
            None => self.verify_anew(token)?,
        };
        if verified.expires <= now.timestamp() {
            self.verified.invalidate(token);
            return Err(TokenError::Expired);
        }
        Ok(verified.caller)
    }

    /// What others may know of the keys.
    #[must_use]
    pub fn public_keys(&self) -> PublicKeys {
        self.ring().public()
    }

    fn verify_anew(&self, token: &str) -> Result<Verified, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Invalid)?;
        let kid = header.kid.ok_or(TokenError::Invalid)?;
        let ring = self.ring();
        let key = ring.verifying(&kid).ok_or(TokenError::Invalid)?;
        let mut expected = Validation::new(Algorithm::EdDSA);
        expected.set_issuer(&[ISSUER]);
        expected.set_audience(&[ISSUER]);
        expected.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The caller's clock is the one that counts; see `verify`.
        expected.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &expected)
            .map_err(|_| TokenError::Invalid)?
            .claims;
        if claims.roles.contains(&Role::Tenant) && claims.resident_id.is_none() {
            return Err(TokenError::Invalid);
        }
        let caller = Caller {
            user: claims.sub,
            organization: claims.tenant_id,
            roles: claims.roles,
            resident: claims.resident_id,
        };
        let verified = Verified {
            caller: Arc::new(caller),
            expires: claims.exp,
        };
        self.verified.insert(token.to_owned(), verified.clone());
        Ok(verified)
    }

    /// Reads the keys again if they were rotated, and forgets what the old ones vouched for.
    fn follow_rotation(&self, now: DateTime<Utc>) {
        let now = now.timestamp();
        let checked = self.checked.load(Ordering::Relaxed);
        if now.saturating_sub(checked) < RECHECK_SECONDS
            || self
                .checked
                .compare_exchange(checked, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_err()
            || self.ring().is_current(&self.path)
        {
            return;
        }
        match KeyRing::open(&self.path) {
            Ok(ring) => {
                *self.ring.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(ring);
                self.verified.invalidate_all();
            }
            Err(error) => tracing::error!(%error, "the rotated signing keys can't be read; the old ones stay"),
        }
    }

    fn ring(&self) -> Arc<KeyRing> {
        self.ring
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }
}

/// The user id of a token that was minted for a role, not for a person: the same for each such token, so that a command
/// repeated under a newer token is still the same command.
#[must_use]
pub fn user_of_role(organization: OrganizationId, role: Role) -> UserId {
    UserId(Uuid::new_v5(&organization.0, role.name().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: TimeDelta = TimeDelta::hours(1);

    fn caller(roles: &[Role], resident: Option<ResidentId>) -> Caller {
        Caller {
            user: UserId(Uuid::from_u128(1)),
            organization: OrganizationId(Uuid::from_u128(2)),
            roles: roles.to_vec(),
            resident,
        }
    }

    fn noon() -> DateTime<Utc> {
        "2026-06-01T12:00:00Z".parse().unwrap()
    }

    fn tokens(folder: &tempfile::TempDir) -> Tokens {
        Tokens::open(folder.path().join("jwks.json"), noon()).unwrap()
    }

    #[test]
    fn a_token_says_who_calls_until_it_expires() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = tokens(&folder);
        let resident = caller(&[Role::Tenant], Some(ResidentId(Uuid::from_u128(3))));
        let token = tokens.mint(&resident, noon(), HOUR).unwrap();
        assert_eq!(*tokens.verify(&token, noon()).unwrap(), resident);
        assert_eq!(
            *tokens.verify(&token, noon() + HOUR - TimeDelta::seconds(1)).unwrap(),
            resident
        );
        assert_eq!(tokens.verify(&token, noon() + HOUR), Err(TokenError::Expired));
    }

    #[test]
    fn what_was_changed_or_signed_elsewhere_is_refused() {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (ours, theirs) = (tokens(&here), tokens(&there));
        let token = theirs.mint(&caller(&[Role::Admin], None), noon(), HOUR).unwrap();
        assert_eq!(ours.verify(&token, noon()), Err(TokenError::Invalid));
        let token = ours.mint(&caller(&[Role::Owner], None), noon(), HOUR).unwrap();
        let (start, signature) = token.rsplit_once('.').unwrap();
        let (header, _) = start.split_once('.').unwrap();
        let other = theirs.mint(&caller(&[Role::Admin], None), noon(), HOUR).unwrap();
        let claims = other.split('.').nth(1).unwrap();
        for forged in [
            format!("{header}.{claims}.{signature}"),
            format!("{start}."),
            "a.b.c".into(),
            String::new(),
        ] {
            assert_eq!(ours.verify(&forged, noon()), Err(TokenError::Invalid), "{forged}");
        }
    }

    #[test]
    fn an_unsigned_token_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = tokens(&folder);
        let token = tokens.mint(&caller(&[Role::Owner], None), noon(), HOUR).unwrap();
        let claims = token.split('.').nth(1).unwrap();
        // {"alg":"none","typ":"JWT"}
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
        assert_eq!(tokens.verify(&unsigned, noon()), Err(TokenError::Invalid));
    }

    #[test]
    fn a_resident_without_their_id_is_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = tokens(&folder);
        let token = tokens.mint(&caller(&[Role::Tenant], None), noon(), HOUR).unwrap();
        assert_eq!(tokens.verify(&token, noon()), Err(TokenError::Invalid));
    }

    #[test]
    fn a_running_server_follows_a_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = tokens(&folder);
        let old = tokens.mint(&caller(&[Role::Owner], None), noon(), HOUR).unwrap();
        let later = noon() + TimeDelta::seconds(RECHECK_SECONDS);
        let path = folder.path().join("jwks.json");
        KeyRing::rotate(&path, false).unwrap();
        assert!(tokens.verify(&old, later).is_ok());
        let later = later + TimeDelta::seconds(RECHECK_SECONDS);
        KeyRing::rotate(&path, true).unwrap();
        assert_eq!(tokens.verify(&old, later), Err(TokenError::Invalid));
        let new = tokens.mint(&caller(&[Role::Owner], None), later, HOUR).unwrap();
        assert!(tokens.verify(&new, later).is_ok());
    }
}
