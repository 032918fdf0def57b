//! Seals what a decision recorded about persons, before anything leaves this process.

use std::collections::BTreeSet;

use domain::ids::{OrganizationId, PersonId};
use store::personal::{Keys, PersonalData, PersonalError, persons_in};

use super::{ExecuteError, InternalError, work::Work};
use crate::log::ReadError;

/// A new person's key, wrapped.
pub(super) type NewKey = (PersonId, Vec<u8>);

/// Seals every draft in place. Returns the keys of the persons who begin with this command: their first event and their
/// key are written together.
pub(super) async fn seal(personal: &PersonalData, work: &mut Work<'_>) -> Result<Vec<NewKey>, ExecuteError> {
    let mut persons = BTreeSet::new();
    for draft in &work.drafts {
        persons.extend(persons_in(&draft.payload).map_err(failed)?);
    }
    if persons.is_empty() {
        return Ok(Vec::new());
    }
    let organization = work.context().organization;
    let (new, known): (Vec<_>, Vec<_>) = persons.into_iter().partition(|person| work.begins(*person));
    let mut keys = known_keys(personal, work, organization, known).await?;
    let mut new_keys = Vec::with_capacity(new.len());
    for person in new {
        let (key, wrapped) = personal.new_key((organization, person)).map_err(failed)?;
        keys.insert((organization, person), key);
        new_keys.push((person, wrapped));
    }
    for draft in &mut work.drafts {
        let sealed = keys.seal(organization, &draft.payload).map_err(failed)?;
        draft.payload = sealed.into_owned();
    }
    Ok(new_keys)
}

/// The keys of persons who are in the log already. One without a key was erased.
async fn known_keys(
    personal: &PersonalData,
    work: &mut Work<'_>,
    organization: OrganizationId,
    persons: Vec<PersonId>,
) -> Result<Keys, ExecuteError> {
    if persons.is_empty() {
        return Ok(Keys::default());
    }
    let subjects = persons.iter().map(|person| (organization, *person));
    let connection = work.reader.connection().await?;
    let keys = personal.load_keys(connection, subjects).await.map_err(failed)?;
    match persons.into_iter().find(|person| !keys.has((organization, *person))) {
        Some(person) => Err(ExecuteError::PersonErased { person }),
        None => Ok(keys),
    }
}

pub(super) fn failed(error: PersonalError) -> ExecuteError {
    match error {
        PersonalError::Database(error) => ReadError::from(error).into(),
        error => InternalError::Personal(error).into(),
    }
}
