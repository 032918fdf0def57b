//! Vendors: who may be sent to a repair.

pub mod block;
pub mod create;
pub mod get;
pub mod list;
pub mod unblock;
pub mod update;

use domain::vendor::VendorProfile;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    endpoints::ContactInput,
    http::wire::{Day, Line, object},
};

/// What is known of a vendor: all of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VendorInput {
    /// The name on its invoices.
    pub name: Line,
    /// How to reach it.
    #[serde(default, deserialize_with = "object")]
    pub contact: ContactInput,
    /// What it does: `plumbing`, `hvac`; nothing twice.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub trades: Vec<Line>,
    /// The last day on which its liability insurance covers it, if that is known.
    #[serde(default)]
    pub insured_through: Option<Day>,
}

impl From<VendorInput> for VendorProfile {
    fn from(input: VendorInput) -> Self {
        Self {
            name: input.name.into(),
            contact: input.contact.into(),
            trades: input.trades.into_iter().map(String::from).collect(),
            insured_through: input.insured_through.map(Into::into),
        }
    }
}
