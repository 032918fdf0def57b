//! Data about persons: sealed before it reaches the log, opened for whoever may read it, erased by deleting one key.
//!
//! Every person has a key of their own, wrapped by the master key in `personal_keys`. Deleting that row makes all that the
//! log ever said about the person unreadable, in every copy of the log, without changing an event.

mod cipher;
mod payload;

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::ids::{OrganizationId, PersonId};
use moka::sync::Cache;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

pub(crate) use cipher::KEY_LEN;
pub use cipher::{MasterKey, PersonKey};
pub use payload::{has_clear_value, persons_in};

/// A person, of the organization that knows them.
pub type Subject = (OrganizationId, PersonId);

/// Why personal data can't be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum PersonalError {
    /// A value is to be sealed and its person has no key: it was never made, or the person was erased.
    #[error("there is no key for person {0}")]
    NoKey(PersonId),
    /// What stands there wasn't sealed with this key, or was changed since.
    #[error("the data of person {0} can't be opened with their key")]
    Broken(PersonId),
    /// The master key is another than the one that wrapped this key.
    #[error("the key of person {0} can't be unwrapped: this is not the master key it was wrapped with")]
    OtherMasterKey(PersonId),
    /// An object that is marked as personal data and isn't.
    #[error("a payload holds personal data in no known form")]
    Malformed,
    /// A payload that isn't JSON.
    #[error("a payload isn't JSON")]
    Json(#[from] serde_json::Error),
    /// The keys can't be read.
    #[error("the keys of personal data can't be read")]
    Database(#[from] sqlx::Error),
    /// The library for it refused to work.
    #[error("the cryptographic library failed")]
    Cryptography,
}

/// Keys stay in memory for so long: an erasure in another process is complete after this.
const KEPT_FOR: Duration = Duration::from_mins(1);
/// How many keys stay in memory.
const KEPT_AT_MOST: u64 = 50_000;

/// Makes, finds and deletes the keys of persons.
#[derive(Clone)]
pub struct PersonalData {
    master: Arc<MasterKey>,
    unwrapped: Cache<Subject, Arc<PersonKey>>,
}

impl PersonalData {
    /// Works with the keys that this master key wraps.
    #[must_use]
    pub fn new(master: MasterKey) -> Self {
        let unwrapped = Cache::builder()
            .max_capacity(KEPT_AT_MOST)
            .time_to_live(KEPT_FOR)
            .build();
        Self {
            master: Arc::new(master),
            unwrapped,
        }
    }

    /// A new person's key, and the same wrapped, for the append that names the person first.
    ///
    /// # Errors
    /// If the library fails.
    pub fn new_key(&self, subject: Subject) -> Result<(Arc<PersonKey>, Vec<u8>), PersonalError> {
        let (key, wrapped) = self.master.new_key(subject)?;
        Ok((Arc::new(key), wrapped))
    }

    /// The keys of these persons, as far as they exist. The connection's role decides what it sees: one organization's
    /// within [`crate::organization::read`], every one's as the stream role.
    ///
    /// # Errors
    /// A database that can't be asked, or keys wrapped by another master key.
    pub async fn load_keys(
        &self,
        connection: &mut PgConnection,
        wanted: impl IntoIterator<Item = Subject>,
    ) -> Result<Keys, PersonalError> {
        let mut keys = Keys::default();
        let (mut organizations, mut persons) = (Vec::new(), Vec::new());
        for subject in wanted {
            if let Some(key) = self.unwrapped.get(&subject) {
                keys.insert(subject, key);
            } else {
                organizations.push(subject.0.0);
                persons.push(subject.1.0);
            }
        }
        if !persons.is_empty() {
            for (subject, wrapped) in read_wrapped(connection, &organizations, &persons).await? {
                let key = Arc::new(self.master.unwrap(subject, &wrapped)?);
                self.unwrapped.insert(subject, key.clone());
                keys.insert(subject, key);
            }
        }
        Ok(keys)
    }

    /// Deletes a person's key, as the stream role: the last step of an erasure, after `tenant.erased` is in the log. Says
    /// whether there was one.
    ///
    /// # Errors
    /// A database that can't be asked.
    pub async fn erase(&self, stream: &PgPool, subject: Subject) -> Result<bool, PersonalError> {
        let deleted = sqlx::query("DELETE FROM personal_keys WHERE tenant_id = $1 AND person_id = $2")
            .bind(subject.0.0)
            .bind(subject.1.0)
            .execute(stream)
            .await?;
        self.unwrapped.invalidate(&subject);
        Ok(deleted.rows_affected() > 0)
    }
}

async fn read_wrapped(
    connection: &mut PgConnection,
    organizations: &[Uuid],
    persons: &[Uuid],
) -> Result<Vec<(Subject, Vec<u8>)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT k.tenant_id, k.person_id, k.wrapped FROM personal_keys k
           JOIN (SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[]) AS w(tenant_id, person_id)) w
          USING (tenant_id, person_id)",
    )
    .bind(organizations)
    .bind(persons)
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ((OrganizationId(row.get(0)), PersonId(row.get(1))), row.get(2)))
        .collect())
}

/// The keys at hand for some payloads.
#[derive(Default, Clone)]
pub struct Keys(HashMap<Subject, Arc<PersonKey>>);

impl Keys {
    /// Adds one, such as a new person's.
    pub fn insert(&mut self, subject: Subject, key: Arc<PersonKey>) {
        self.0.insert(subject, key);
    }

    /// Whether there is one.
    #[must_use]
    pub fn has(&self, subject: Subject) -> bool {
        self.0.contains_key(&subject)
    }

    fn of(&self, subject: Subject) -> Option<&PersonKey> {
        self.0.get(&subject).map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests;
