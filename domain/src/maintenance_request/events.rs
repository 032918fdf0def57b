use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{PropertyId, ResidentId, UnitId, WorkOrderId},
    work_order::SlaClock,
};

/// How soon something has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// A wish.
    Low,
    /// Something is broken.
    Medium,
    /// Something essential is broken.
    High,
    /// Danger to life or property.
    Urgent,
}

impl std::fmt::Display for Priority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Urgent => "urgent",
        })
    }
}

/// When something is to be answered and finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Deadlines {
    /// The first assignment is due by this instant.
    pub respond_by: DateTime<Utc>,
    /// The end of the work is due by this instant.
    pub resolve_by: DateTime<Utc>,
}

events! {
    /// Facts about a maintenance request.
    pub enum MaintenanceRequestEvent of "maintenance_request" {
        /// Someone reported that something is wrong.
        "request.submitted" v 1 => Submitted {
            /// At which property.
            property: PropertyId,
            /// In which unit, unless in a common area.
            unit: Option<UnitId>,
            /// Who reported it, if a resident.
            resident: Option<ResidentId>,
            /// What it is about: `plumbing`, `hvac`.
            category: String,
            /// How soon.
            priority: Priority,
            /// In a line.
            summary: String,
            /// In as many words as needed.
            description: String,
            /// Whether someone may enter while nobody is at home.
            permission_to_enter: bool,
            /// When it was reported: the clocks of its priority count from here.
            reported_at: DateTime<Utc>,
            /// What the priority means in instants.
            deadlines: Deadlines,
        },
        /// Someone looked at it.
        "request.triaged" v 1 => Triaged {
            /// What it is about.
            category: String,
            /// How soon.
            priority: Priority,
            /// What the priority means in instants, counted from the report.
            deadlines: Deadlines,
        },
        /// It became a work order.
        "request.converted" v 1 => Converted {
            /// Which.
            work_order: WorkOrderId,
        },
        /// Nothing will be done.
        "request.declined" v 1 => Declined {
            /// Why.
            reason: String,
        },
        /// It is right again.
        "request.resolved" v 1 => Resolved {
            /// What was done.
            resolution: String,
        },
        /// It isn't.
        "request.reopened" v 1 => Reopened {
            /// Why.
            reason: String,
            /// When: the clocks of the new episode count from here.
            reported_at: DateTime<Utc>,
            /// A new episode has new deadlines.
            deadlines: Deadlines,
            /// The work order that was reopened and brought this about, if one was.
            work_order: Option<WorkOrderId>,
        },
        /// A deadline passed.
        "request.sla_breached" v 1 => SlaBreached {
            /// Which.
            clock: SlaClock,
            /// The instant that passed.
            due: DateTime<Utc>,
        },
    }
}
