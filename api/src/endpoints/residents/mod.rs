//! Residents: those who rent, called tenants in public names.

pub mod create;
pub mod erase;
pub mod get;
pub mod lease;
pub mod list;
pub mod list_payments;
pub mod list_requests;
pub mod submit_request;
pub mod update;

use domain::{
    personal::{EmergencyContact, PersonName},
    resident::Profile,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ContactInput;
use crate::http::wire::{Day, Line, object, objects};

/// What is known of a resident: all of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResidentInput {
    /// Given names; left out for a company.
    #[serde(default)]
    pub given_name: Option<Line>,
    /// Family name, or the whole name where it has no parts.
    pub family_name: Line,
    /// How to reach them.
    #[serde(default, deserialize_with = "object")]
    pub contact: ContactInput,
    /// Date of birth.
    #[serde(default)]
    pub birth_date: Option<Day>,
    /// Whom to call in an emergency.
    #[serde(default, deserialize_with = "objects")]
    #[schema(max_items = 20)]
    pub emergency_contacts: Vec<EmergencyContactInput>,
}

/// Whom to call when something happened to a resident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencyContactInput {
    /// The name.
    pub name: Line,
    /// Telephone.
    pub phone: Line,
    /// What they are to the resident: `sister`, `neighbour`.
    pub relationship: Line,
}

impl From<ResidentInput> for Profile {
    fn from(input: ResidentInput) -> Self {
        let emergency_contacts = input.emergency_contacts.into_iter().map(|contact| EmergencyContact {
            name: contact.name.into(),
            phone: contact.phone.into(),
            relationship: contact.relationship.into(),
        });
        Self {
            name: PersonName {
                given: input.given_name.map(String::from).unwrap_or_default(),
                family: input.family_name.into(),
            },
            contact: input.contact.into(),
            birth_date: input.birth_date.map(Into::into),
            emergency_contacts: emergency_contacts.collect(),
        }
    }
}
