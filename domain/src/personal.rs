//! Data about a person, which can be erased without breaking the log.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::ids::PersonId;

/// A value about a person. It is stored sealed under the person's own key; without that key it is unreadable for ever.
///
/// Sealing and opening happen outside the domain, on the JSON: an object with the one key `$personal`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored<T>", into = "Stored<T>", bound(serialize = "T: Serialize + Clone"))]
pub enum Personal<T> {
    /// Readable.
    Clear {
        /// About whom.
        person: PersonId,
        /// The value.
        value: T,
    },
    /// As the log keeps it: ciphertext.
    Sealed {
        /// About whom.
        person: PersonId,
        /// Nonce and ciphertext, base64.
        sealed: String,
    },
    /// The person's key is gone.
    Erased {
        /// About whom.
        person: PersonId,
    },
}

impl<T> Personal<T> {
    /// A readable value about a person.
    pub fn of(person: impl Into<PersonId>, value: T) -> Self {
        Self::Clear {
            person: person.into(),
            value,
        }
    }

    /// The value, if it can be read here.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Clear { value, .. } => Some(value),
            Self::Sealed { .. } | Self::Erased { .. } => None,
        }
    }
}

/// The JSON form.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Stored<T> {
    #[serde(rename = "$personal")]
    personal: Parts<T>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Parts<T> {
    /// About whom.
    person: PersonId,
    /// The value, wherever it is readable.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<T>,
    /// Nonce and ciphertext, base64, in the log and on the wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "bm9uY2UgYW5kIGNpcGhlcnRleHQ=")]
    sealed: Option<String>,
}

impl<T> From<Stored<T>> for Personal<T> {
    fn from(stored: Stored<T>) -> Self {
        let Parts { person, value, sealed } = stored.personal;
        match (value, sealed) {
            (Some(value), _) => Self::Clear { person, value },
            (None, Some(sealed)) => Self::Sealed { person, sealed },
            (None, None) => Self::Erased { person },
        }
    }
}

impl<T> From<Personal<T>> for Stored<T> {
    fn from(personal: Personal<T>) -> Self {
        let (person, value, sealed) = match personal {
            Personal::Clear { person, value } => (person, Some(value), None),
            Personal::Sealed { person, sealed } => (person, None, Some(sealed)),
            Personal::Erased { person } => (person, None, None),
        };
        Self {
            personal: Parts { person, value, sealed },
        }
    }
}

impl<T: JsonSchema> JsonSchema for Personal<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Personal_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Stored::<T>::json_schema(generator)
    }
}

/// The name a person goes by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PersonName {
    /// Given names; empty for a company.
    pub given: String,
    /// Family name, or the whole name where it has no parts.
    pub family: String,
}

impl std::fmt::Display for PersonName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.given.is_empty() {
            f.write_str(&self.family)
        } else {
            write!(f, "{} {}", self.given, self.family)
        }
    }
}

/// How a person is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Contact {
    /// Electronic mail.
    pub email: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
}

/// Whom to call when something happened to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmergencyContact {
    /// The name.
    pub name: String,
    /// Telephone.
    pub phone: String,
    /// What they are to the person: `sister`, `neighbour`.
    pub relationship: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    const ADA: PersonId = PersonId(Uuid::from_u128(1));

    #[test]
    fn each_form_is_read_back_as_it_was_written() {
        let person = ADA.to_string();
        let forms = [
            (
                Personal::of(ADA, "Ada".to_owned()),
                json!({"person": person, "value": "Ada"}),
            ),
            (
                Personal::Sealed {
                    person: ADA,
                    sealed: "AAAA".into(),
                },
                json!({"person": person, "sealed": "AAAA"}),
            ),
            (Personal::Erased { person: ADA }, json!({"person": person})),
        ];
        for (form, inner) in forms {
            let json = json!({"$personal": inner});
            assert_eq!(serde_json::to_value(&form).unwrap(), json);
            assert_eq!(serde_json::from_value::<Personal<String>>(json).unwrap(), form);
        }
    }

    #[test]
    fn only_a_clear_value_can_be_read() {
        assert_eq!(Personal::of(ADA, 7).value(), Some(&7));
        assert_eq!(Personal::<u8>::Erased { person: ADA }.value(), None);
    }

    #[test]
    fn a_name_without_parts_is_shown_whole() {
        let company = PersonName {
            given: String::new(),
            family: "Drip & Sons".into(),
        };
        let ada = PersonName {
            given: "Ada".into(),
            family: "Lovelace".into(),
        };
        assert_eq!(company.to_string(), "Drip & Sons");
        assert_eq!(ada.to_string(), "Ada Lovelace");
    }
}
