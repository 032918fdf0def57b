//! What a person is to an organization.

use serde::{Deserialize, Serialize};

/// What a person is to an organization. One person may have several roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs the installation for an organization: may do all that anyone there may.
    Admin,
    /// Runs properties: units, leases, residents, repairs, and what residents pay.
    Manager,
    /// Keeps the books.
    Accountant,
    /// Reads everything, changes nothing.
    Analyst,
    /// Owns properties; sees how they do, but no residents.
    Owner,
    /// Rents; sees and does only what is theirs.
    Tenant,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Admin,
        Self::Manager,
        Self::Accountant,
        Self::Analyst,
        Self::Owner,
        Self::Tenant,
    ];

    /// As tokens and the command line write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Accountant => "accountant",
            Self::Analyst => "analyst",
            Self::Owner => "owner",
            Self::Tenant => "tenant",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
