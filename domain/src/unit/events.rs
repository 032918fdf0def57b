use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{LeaseId, PropertyId},
    money::Money,
    span::Span,
};

/// What is known of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnitDetails {
    /// What stands on its door: `101`, `B-7`.
    pub number: String,
    /// Bedrooms.
    pub bedrooms: u8,
    /// Bathrooms, counted in halves: 3 is one and a half.
    pub half_baths: u8,
    /// Area in square feet.
    #[serde(default)]
    pub square_feet: Option<u32>,
    /// What it would rent for a month today.
    pub market_rent: Money,
}

events! {
    /// Facts about a unit.
    pub enum UnitEvent of "unit" {
        /// It came under management, ready to be rented.
        "unit.created" v 1 => Created {
            /// The property it is part of.
            property: PropertyId,
            /// What is known of it.
            details: UnitDetails,
        },
        /// What is known of it changed.
        "unit.updated" v 1 => Updated {
            /// All of it, as it is from now on.
            details: UnitDetails,
        },
        /// It was offered for rent.
        "unit.listed" v 1 => Listed {
            /// The first day on which it is available.
            available_on: NaiveDate,
            /// The rent asked for a month.
            asking_rent: Money,
        },
        /// A signed lease has it for these days; for a lease that has it already, the days are now these.
        "unit.leased" v 1 => Leased {
            /// The lease.
            lease: LeaseId,
            /// The days.
            span: Span,
            /// True once notice was given: the end is certain.
            on_notice: bool,
        },
        /// The lease no longer has it: voided before it began.
        "unit.released" v 1 => Released {
            /// The lease.
            lease: LeaseId,
        },
        /// Residents moved in.
        "unit.occupied" v 1 => Occupied {
            /// Under this lease.
            lease: LeaseId,
        },
        /// Residents moved out; it is turned for the next.
        "unit.vacated" v 1 => Vacated {
            /// The lease that ended.
            lease: LeaseId,
        },
        /// It can be moved into.
        "unit.made_ready" v 1 => MadeReady,
        /// It cannot be rented until it is made ready again.
        "unit.taken_offline" v 1 => TakenOffline {
            /// Why.
            reason: String,
        },
    }
}
