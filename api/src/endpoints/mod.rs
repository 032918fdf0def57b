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

use crate::http::wire::Line;

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
    #[param(required = false, min_length = 1, max_length = 200)]
    pub reason: String,
}

fn no_reason() -> String {
    "No reason was given".into()
}

/// How a person or company is reached.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactInput {
    /// Electronic mail.
    #[serde(default)]
    #[schema(pattern = "^[^\\s@\\x00-\\x1f\\x7f-\\x9f]{1,64}@[^\\s@\\x00-\\x1f\\x7f-\\x9f]{1,100}$")]
    pub email: Option<String>,
    /// Telephone.
    #[serde(default)]
    pub phone: Option<Line>,
}

impl From<ContactInput> for domain::personal::Contact {
    fn from(input: ContactInput) -> Self {
        Self {
            email: input.email,
            phone: input.phone.map(String::from),
        }
    }
}
