//! Residents and vendors.

use chrono::NaiveDate;
use domain::{
    ids::{LeaseId, UnitId},
    personal::{Contact, EmergencyContact, PersonName},
};
use serde::{Deserialize, Serialize};

use super::{AnyDocument, Document, facet};

/// A resident; called tenant in the public names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Resident {
    /// `applicant`, `current` or `past`.
    pub status: String,
    /// True once the personal data is gone.
    pub erased: bool,
    /// The name, unless erased.
    pub name: Option<PersonName>,
    /// How to reach them, unless erased.
    pub contact: Option<Contact>,
    /// Date of birth, if known.
    pub birth_date: Option<NaiveDate>,
    /// Whom to call in an emergency.
    pub emergency_contacts: Vec<EmergencyContact>,
    /// The lease they live under; the latest, if they have several homes.
    pub lease: Option<LeaseId>,
    /// The unit they live in.
    pub unit: Option<UnitId>,
    /// Everywhere they live, by the day of moving in.
    pub homes: Vec<Home>,
}
document!(Resident as "resident";
    |it| sort it.name.as_ref().map(|name| format!("{} {}", name.family, name.given).to_lowercase()).unwrap_or_default();
    facets [facet("status", &it.status)],
    each it.homes.iter().flat_map(|home| [format!("unit:{}", home.unit), format!("lease:{}", home.lease)]));

/// Where a resident lives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Home {
    /// Under this lease.
    pub lease: LeaseId,
    /// In this unit.
    pub unit: UnitId,
    /// The day after the last, once notice was given.
    pub ends: Option<NaiveDate>,
}

/// A vendor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Vendor {
    /// `active` or `blocked`.
    pub status: String,
    /// The name on its invoices, unless erased.
    pub name: Option<String>,
    /// How to reach it, unless erased.
    pub contact: Option<Contact>,
    /// What it does.
    pub trades: Vec<String>,
    /// The last day on which its liability insurance covers it, if that is known.
    pub insured_through: Option<NaiveDate>,
    /// Why it is blocked.
    pub blocked_reason: Option<String>,
}
document!(Vendor as "vendor"; |it| sort it.name.as_deref().unwrap_or_default().to_lowercase();
    facets [facet("status", &it.status)], each it.trades.iter().map(|trade| format!("trade:{trade}")));
