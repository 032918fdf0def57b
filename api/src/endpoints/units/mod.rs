//! Units.

pub mod create;
pub mod get;
pub mod list;
pub mod list_for_rent;
pub mod make_ready;
pub mod take_offline;
pub mod update;

use domain::unit::UnitDetails;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::wire::{Amount, Line};

/// What is known of a unit: all of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnitInput {
    /// What stands on its door: `101`, `B-7`.
    pub number: Line,
    /// Bedrooms.
    #[schema(maximum = 50)]
    pub bedrooms: u8,
    /// Bathrooms, counted in halves: 3 is one and a half.
    #[schema(maximum = 100)]
    pub half_baths: u8,
    /// Area in square feet.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub square_feet: Option<u32>,
    /// What it would rent for a month today.
    pub market_rent: Amount,
}

impl From<UnitInput> for UnitDetails {
    fn from(input: UnitInput) -> Self {
        Self {
            number: input.number.into(),
            bedrooms: input.bedrooms,
            half_baths: input.half_baths,
            square_feet: input.square_feet,
            market_rent: input.market_rent.into(),
        }
    }
}
