use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{PropertyId, RequestId, UnitId, VendorId},
    maintenance_request::{Deadlines, Priority},
    money::Money,
};

/// One of the two clocks that a priority starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SlaClock {
    /// To the first assignment.
    Response,
    /// To the end of the work.
    Resolution,
}

events! {
    /// Facts about a work order.
    pub enum WorkOrderEvent of "work_order" {
        /// A repair began.
        "work_order.created" v 1 => Created {
            /// At which property.
            property: PropertyId,
            /// In which unit, unless in a common area.
            unit: Option<UnitId>,
            /// The request it comes from, if any.
            request: Option<RequestId>,
            /// What it is about: `plumbing`, `hvac`.
            category: String,
            /// How soon.
            priority: Priority,
            /// In a line.
            summary: String,
            /// In as many words as needed.
            description: String,
            /// What the priority means in instants; those of the request, if it comes from one.
            deadlines: Deadlines,
            /// Which of them passed, and were recorded as passed, while it was still a request.
            breached: Vec<SlaClock>,
        },
        /// A vendor was asked what it would cost.
        "work_order.estimate_requested" v 1 => EstimateRequested {
            /// Who.
            vendor: VendorId,
        },
        /// The vendor said what it would cost.
        "work_order.estimated" v 1 => Estimated {
            /// Who.
            vendor: VendorId,
            /// How much.
            amount: Money,
        },
        /// A vendor became answerable; the one before no longer is, and the visit agreed with it is void.
        "work_order.assigned" v 1 => Assigned {
            /// Who.
            vendor: VendorId,
        },
        /// The vendor's visit was agreed.
        "work_order.scheduled" v 1 => Scheduled {
            /// The day of the visit.
            on: NaiveDate,
        },
        /// Nothing can be done for now.
        "work_order.paused" v 1 => Paused {
            /// What it waits for.
            reason: String,
            /// Which clocks the policy lets that stop, of those that ran.
            stops: Vec<SlaClock>,
            /// From when.
            at: DateTime<Utc>,
        },
        /// It goes on.
        "work_order.resumed" v 1 => Resumed {
            /// The deadlines, later by what the policy lets waiting stop.
            deadlines: Deadlines,
        },
        /// The vendor says that the work is done.
        "work_order.work_done" v 1 => WorkDone {
            /// What was done.
            notes: String,
        },
        /// Its cost is on a bill.
        "work_order.billed" v 1 => Billed {
            /// How much.
            amount: Money,
        },
        /// The work is accepted.
        "work_order.completed" v 1 => Completed {
            /// Who did it, if a vendor.
            vendor: Option<VendorId>,
        },
        /// It will not be done.
        "work_order.cancelled" v 1 => Cancelled {
            /// Why.
            reason: String,
        },
        /// It was not done after all.
        "work_order.reopened" v 1 => Reopened {
            /// Why.
            reason: String,
            /// A new episode has new deadlines.
            deadlines: Deadlines,
        },
        /// A deadline passed.
        "work_order.sla_breached" v 1 => SlaBreached {
            /// Which.
            clock: SlaClock,
            /// The instant that passed.
            due: DateTime<Utc>,
        },
    }
}
