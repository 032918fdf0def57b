//! Properties.

pub mod create;
pub mod get;
pub mod list;
pub mod offboard;
pub mod update;

use domain::property::{Address, PropertyDetails, PropertyKind};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::wire::{Line, object};

/// What is known of a property: all of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PropertyInput {
    /// The name it goes by.
    pub name: Line,
    /// Where it stands.
    #[serde(deserialize_with = "object")]
    pub address: AddressInput,
    /// What kind it is.
    pub kind: PropertyKind,
    /// Year of construction.
    #[serde(default)]
    #[schema(minimum = 1000, maximum = 2199)]
    pub year_built: Option<u16>,
    /// What it offers: `pool`, `laundry`; nothing twice.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub amenities: Vec<Line>,
}

/// Where a property stands.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddressInput {
    /// Street and number.
    pub street: Line,
    /// City or town.
    pub city: Line,
    /// State, province or region.
    pub region: Line,
    /// Postal code.
    pub postal_code: Line,
    /// ISO 3166-1 alpha-2 code.
    #[schema(pattern = "^[A-Z]{2}$", examples("US"))]
    pub country: String,
}

impl From<PropertyInput> for PropertyDetails {
    fn from(input: PropertyInput) -> Self {
        Self {
            name: input.name.into(),
            address: Address {
                street: input.address.street.into(),
                city: input.address.city.into(),
                region: input.address.region.into(),
                postal_code: input.address.postal_code.into(),
                country: input.address.country,
            },
            kind: input.kind,
            year_built: input.year_built,
            amenities: input.amenities.into_iter().map(String::from).collect(),
        }
    }
}
