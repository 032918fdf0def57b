//! Personal data within an event's JSON: an object with the one key `$personal`, wherever it stands.
//!
//! `{"$personal": {"person": ID, "value": JSON}}` is clear, `{"$personal": {"person": ID, "sealed": BASE64}}` sealed, and
//! `{"$personal": {"person": ID}}` erased. See `domain::personal`.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::ids::{OrganizationId, PersonId};
use serde_json::{Map, Value};

use super::{Keys, PersonalError};

const MARK: &str = "$personal";
const PERSON: &str = "person";
const VALUE: &str = "value";
const SEALED: &str = "sealed";

/// The persons that a payload has data of, each once.
///
/// # Errors
/// A payload that isn't JSON or holds personal data in no known form.
pub fn persons_in(payload: &str) -> Result<Vec<PersonId>, PersonalError> {
    let mut persons = Vec::new();
    rewritten(payload, &mut |person, _| {
        if !persons.contains(&person) {
            persons.push(person);
        }
        Ok(())
    })?;
    Ok(persons)
}

/// Whether a payload has personal data that anyone could read: the log takes none.
///
/// # Errors
/// A payload that isn't JSON or holds personal data in no known form.
pub fn has_clear_value(payload: &str) -> Result<bool, PersonalError> {
    let mut found = false;
    rewritten(payload, &mut |_, parts| {
        found |= parts.contains_key(VALUE);
        Ok(())
    })?;
    Ok(found)
}

impl Keys {
    /// The payload with every clear value sealed under its person's key. A payload without personal data comes back as is.
    ///
    /// # Errors
    /// A person whose key isn't here.
    pub fn seal<'p>(&self, organization: OrganizationId, payload: &'p str) -> Result<Cow<'p, str>, PersonalError> {
        rewritten(payload, &mut |person, parts| {
            let Some(value) = parts.remove(VALUE) else {
                return Ok(());
            };
            let subject = (organization, person);
            let key = self.of(subject).ok_or(PersonalError::NoKey(person))?;
            let sealed = key.seal(subject, &serde_json::to_vec(&value)?)?;
            parts.insert(SEALED.to_owned(), STANDARD.encode(sealed).into());
            Ok(())
        })
    }

    /// The payload with every sealed value readable, or marked as erased where its person's key isn't here.
    ///
    /// # Errors
    /// A value that doesn't open with the key that is here.
    pub fn open<'p>(&self, organization: OrganizationId, payload: &'p str) -> Result<Cow<'p, str>, PersonalError> {
        rewritten(payload, &mut |person, parts| {
            let Some(sealed) = parts.remove(SEALED) else {
                return Ok(());
            };
            let subject = (organization, person);
            let Some(key) = self.of(subject) else { return Ok(()) };
            let sealed = sealed.as_str().and_then(|text| STANDARD.decode(text).ok());
            let clear = key.open(subject, &sealed.ok_or(PersonalError::Malformed)?)?;
            parts.insert(VALUE.to_owned(), serde_json::from_slice(&clear)?);
            Ok(())
        })
    }
}

type Change<'c> = &'c mut dyn FnMut(PersonId, &mut Map<String, Value>) -> Result<(), PersonalError>;

/// The payload after `change` has seen every piece of personal data in it. Most payloads have none: they aren't parsed.
fn rewritten<'p>(payload: &'p str, change: Change<'_>) -> Result<Cow<'p, str>, PersonalError> {
    if !payload.contains(MARK) {
        return Ok(Cow::Borrowed(payload));
    }
    let mut json = serde_json::from_str(payload)?;
    walk(&mut json, change)?;
    Ok(Cow::Owned(serde_json::to_string(&json)?))
}

fn walk(json: &mut Value, change: Change<'_>) -> Result<(), PersonalError> {
    match json {
        Value::Array(items) => items.iter_mut().try_for_each(|item| walk(item, change)),
        Value::Object(fields) => match fields.get_mut(MARK) {
            Some(parts) => {
                let parts = parts.as_object_mut().ok_or(PersonalError::Malformed)?;
                change(person(parts)?, parts)
            }
            None => fields.values_mut().try_for_each(|field| walk(field, change)),
        },
        _ => Ok(()),
    }
}

fn person(parts: &Map<String, Value>) -> Result<PersonId, PersonalError> {
    let id = parts.get(PERSON).and_then(Value::as_str).and_then(|id| id.parse().ok());
    id.map(PersonId).ok_or(PersonalError::Malformed)
}
