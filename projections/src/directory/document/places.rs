//! Organizations, properties and units.

use chrono::NaiveDate;
use domain::{
    ids::{LeaseId, PropertyId},
    money::Money,
    property::PropertyDetails,
    settings::Settings,
    unit::UnitDetails,
};
use serde::{Deserialize, Serialize};

use super::{AnyDocument, Document, facet};

/// An organization and its policies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// The name it goes by.
    pub name: String,
    /// `active`, `suspended` or `closed`.
    pub status: String,
    /// Its policies.
    pub settings: Settings,
}
document!(Organization as "organization"; |it| sort it.name.to_lowercase(); facets [facet("status", &it.status)]);

/// A property.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Property {
    /// `active` or `offboarded`.
    pub status: String,
    /// What is known of it.
    #[serde(flatten)]
    pub details: PropertyDetails,
    /// How many units it has.
    pub units: u32,
    /// The first day on which it is no longer managed.
    pub offboarded_on: Option<NaiveDate>,
}
document!(Property as "property"; |it| sort it.details.name.to_lowercase(); facets [facet("status", &it.status)]);

/// A unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Unit {
    /// The property it is part of.
    pub property: PropertyId,
    /// `ready`, `occupied`, `on_notice`, `turning` or `offline`.
    pub status: String,
    /// What is known of it.
    #[serde(flatten)]
    pub details: UnitDetails,
    /// The first day on which it is offered for rent.
    pub available_on: Option<NaiveDate>,
    /// The rent asked for a month.
    pub asking_rent: Option<Money>,
    /// The lease under which it is lived in.
    pub occupied_under: Option<LeaseId>,
}
document!(Unit as "unit"; |it| sort by_number(&it.details.number);
    facets [facet("property", it.property), facet("status", &it.status)]);

/// Unit 9 stands before unit 10: runs of digits are padded.
fn by_number(number: &str) -> String {
    let mut sort = String::new();
    let mut digits = String::new();
    for character in number.to_lowercase().chars().chain([' ']) {
        if character.is_ascii_digit() {
            digits.push(character);
        } else {
            if !digits.is_empty() {
                sort.extend(std::iter::repeat_n('0', 8_usize.saturating_sub(digits.len())));
                sort.push_str(&digits);
                digits.clear();
            }
            sort.push(character);
        }
    }
    sort
}
