//! One file for each endpoint: what it is asked, what it answers, and how.

#![allow(
    clippy::missing_errors_doc,
    reason = "what an endpoint answers is in its OpenAPI text"
)]

pub mod analytics;
pub mod leases;
pub mod ledger;
pub mod maintenance;
pub mod payments;
pub mod platform;
pub mod properties;
pub mod residents;
pub mod search;
pub mod units;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::wire::{Email, Line};

/// Why something is done that needs a reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Why, for whoever asks later.
    pub reason: Line,
}

/// A request without particulars: `{}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Why something ends: the query of a DELETE, which has no body.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Why {
    /// Why, for whoever asks later.
    #[serde(default = "no_reason")]
    #[param(inline, required = false)]
    pub reason: Line,
}

fn no_reason() -> Line {
    Line("No reason was given".into())
}

/// How a person or company is reached.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactInput {
    /// Electronic mail.
    #[serde(default)]
    pub email: Option<Email>,
    /// Telephone.
    #[serde(default)]
    pub phone: Option<Line>,
}

impl From<ContactInput> for domain::personal::Contact {
    fn from(input: ContactInput) -> Self {
        Self {
            email: input.email.map(String::from),
            phone: input.phone.map(String::from),
        }
    }
}
