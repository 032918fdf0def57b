use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::UnitId;

/// Where a property stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    /// Street and number.
    pub street: String,
    /// City or town.
    pub city: String,
    /// State, province or region.
    pub region: String,
    /// Postal code.
    pub postal_code: String,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
}

/// What kind of property it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PropertyKind {
    /// Many dwellings in one building or complex.
    MultiFamily,
    /// One house.
    SingleFamily,
    /// Dwellings with owners of their own.
    Condominium,
    /// Offices, shops, storage.
    Commercial,
    /// Several of these.
    Mixed,
}

/// What is known of a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PropertyDetails {
    /// The name it goes by.
    pub name: String,
    /// Where it stands.
    pub address: Address,
    /// What kind it is.
    pub kind: PropertyKind,
    /// Year of construction.
    #[serde(default)]
    pub year_built: Option<u16>,
    /// What it offers: `pool`, `laundry`.
    #[serde(default)]
    pub amenities: Vec<String>,
}

events! {
    /// Facts about a property.
    pub enum PropertyEvent of "property" {
        /// It came under management.
        "property.created" v 1 => Created {
            /// What is known of it.
            details: PropertyDetails,
        },
        /// What is known of it changed.
        "property.updated" v 1 => Updated {
            /// All of it, as it is from now on.
            details: PropertyDetails,
        },
        /// A unit of it goes by this number from now on: a new unit, or another number of one it has.
        "property.unit_numbered" v 1 => UnitNumbered {
            /// Which unit.
            unit: UnitId,
            /// What stands on its door.
            number: String,
        },
        /// It left management.
        "property.offboarded" v 1 => Offboarded {
            /// The first day on which it is no longer managed.
            on: NaiveDate,
            /// Why.
            reason: String,
        },
    }
}
