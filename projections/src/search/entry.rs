//! What can be found: one entry for each thing, with the words it is found by.

use std::collections::BTreeMap;

use domain::ids::OrganizationId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What kind of thing an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A property.
    Property,
    /// A unit.
    Unit,
    /// A resident.
    Resident,
    /// A lease.
    Lease,
    /// A payment.
    Payment,
    /// A maintenance request.
    Request,
    /// A work order.
    WorkOrder,
    /// A vendor.
    Vendor,
}

impl Kind {
    /// Every kind, as a filter names it.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Property, "property"),
        (Self::Unit, "unit"),
        (Self::Resident, "resident"),
        (Self::Lease, "lease"),
        (Self::Payment, "payment"),
        (Self::Request, "request"),
        (Self::WorkOrder, "work_order"),
        (Self::Vendor, "vendor"),
    ];

    /// As a filter names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// One thing that can be found. All of it is stored, so that the next event about the thing needs nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Which thing.
    pub id: Uuid,
    /// What kind of thing.
    pub kind: Kind,
    /// Its state, as the API names it.
    pub status: String,
    /// What it is called in a list of hits, and by the things that link to it.
    pub title: String,
    /// What else it is found by.
    pub details: Vec<String>,
    /// The things it belongs to, each with its title: a lease is found by its residents' names.
    pub links: BTreeMap<Uuid, String>,
}

impl Entry {
    /// The titles of what it belongs to, for a second line under its own.
    #[must_use]
    pub fn context(&self) -> String {
        let titles: Vec<&str> = self
            .links
            .values()
            .map(String::as_str)
            .filter(|title| !title.is_empty())
            .collect();
        titles.join(" · ")
    }

    /// All the words it is found by besides its title.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = self.details.clone();
        lines.push(self.context());
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }
}
