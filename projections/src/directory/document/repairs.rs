//! Maintenance requests and work orders.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    ids::{PropertyId, RequestId, ResidentId, UnitId, VendorId, WorkOrderId},
    maintenance_request::{Deadlines, Priority},
    money::Money,
    work_order::SlaClock,
};
use serde::{Deserialize, Serialize};

use super::{AnyDocument, Document, facet, maybe};

/// A maintenance request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// At which property.
    pub property: PropertyId,
    /// In which unit.
    pub unit: Option<UnitId>,
    /// Who reported it.
    pub resident: Option<ResidentId>,
    /// `submitted`, `triaged`, `converted`, `declined`, `resolved` or `reopened`.
    pub status: String,
    /// What it is about.
    pub category: String,
    /// How soon.
    pub priority: Priority,
    /// In a line.
    pub summary: String,
    /// In as many words as needed.
    pub description: String,
    /// Whether someone may enter while nobody is at home.
    pub permission_to_enter: bool,
    /// When it was reported.
    pub reported_at: DateTime<Utc>,
    /// What the priority means in instants.
    #[serde(flatten)]
    pub deadlines: Deadlines,
    /// The deadlines that passed.
    pub breached: Vec<SlaClock>,
    /// The work order it became.
    pub work_order: Option<WorkOrderId>,
    /// What was done, or why nothing was.
    pub outcome: Option<String>,
}
document!(Request as "request", newest first true; |it| sort it.reported_at.to_rfc3339();
    facets [facet("property", it.property), maybe("unit", it.unit), maybe("resident", it.resident),
            facet("status", &it.status), facet("priority", it.priority)]);

/// A work order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct WorkOrder {
    /// At which property.
    pub property: PropertyId,
    /// In which unit.
    pub unit: Option<UnitId>,
    /// The request it comes from.
    pub request: Option<RequestId>,
    /// `new`, `estimate_requested`, `estimated`, `assigned`, `scheduled`, `waiting`, `work_done`, `ready_to_bill`, `completed`
    /// or `cancelled`.
    pub status: String,
    /// What it is about.
    pub category: String,
    /// How soon.
    pub priority: Priority,
    /// In a line.
    pub summary: String,
    /// In as many words as needed.
    pub description: String,
    /// Who is answerable.
    pub vendor: Option<VendorId>,
    /// The day of the visit.
    pub visit_on: Option<NaiveDate>,
    /// What the vendor said it would cost.
    pub estimate: Option<Money>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// What the priority means in instants.
    #[serde(flatten)]
    pub deadlines: Deadlines,
    /// The deadlines that passed.
    pub breached: Vec<SlaClock>,
    /// What was done, what it waits for, or why it was cancelled or reopened.
    pub notes: Option<String>,
    /// The state it returns to when it no longer waits.
    pub paused_from: Option<String>,
}
document!(WorkOrder as "work_order", newest first true; |it| sort it.created_at.to_rfc3339();
    facets [facet("property", it.property), maybe("unit", it.unit), maybe("vendor", it.vendor),
            facet("status", &it.status), facet("priority", it.priority)]);
