//! Leases and their accounts.

use chrono::NaiveDate;
use domain::{
    ids::{DepositId, LeaseId, PropertyId, RecurringId, ResidentId, UnitId},
    lease::{ChargeKind, CreditSource, Terms},
    money::Money,
    span::Span,
};
use serde::{Deserialize, Serialize};

use super::{AnyDocument, Document, facet};

/// A lease, with the sums of its account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// The property of the unit.
    pub property: PropertyId,
    /// The unit.
    pub unit: UnitId,
    /// `draft`, `signed`, `active`, `month_to_month`, `on_notice`, `ended`, `settled` or `voided`.
    pub status: String,
    /// What was agreed last.
    #[serde(flatten)]
    pub terms: Terms,
    /// What is charged every month beside the rent.
    pub recurring: Vec<Recurring>,
    /// The day of the last signature.
    pub signed_on: Option<NaiveDate>,
    /// The day of moving in.
    pub activated_on: Option<NaiveDate>,
    /// The day on which notice was given.
    pub notice_given_on: Option<NaiveDate>,
    /// The day after the last, once it is certain.
    pub ends: Option<NaiveDate>,
    /// What is owed: open charges.
    pub owed: Money,
    /// What is in the residents' favour and unused.
    pub credit: Money,
    /// What is owed less what is in the residents' favour.
    pub balance: Money,
    /// The deposits that secure it.
    pub deposits: Vec<DepositId>,
}
document!(Lease as "lease", newest first true; |it| sort it.terms.term.from.to_string();
    facets [facet("property", it.property), facet("unit", it.unit), facet("status", &it.status)],
    each it.terms.residents.iter().map(|resident| format!("resident:{resident}")));

/// Something charged every month beside the rent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Recurring {
    /// Its id.
    pub id: RecurringId,
    /// What for.
    pub kind: ChargeKind,
    /// In the words of the lease.
    pub description: String,
    /// For a whole month, tax included.
    pub amount: Money,
    /// The days it is charged for.
    pub span: Span,
}

/// Something owed on a lease.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Charge {
    /// The lease.
    pub lease: LeaseId,
    /// The lease's property.
    pub property: PropertyId,
    /// Who owes it, jointly.
    pub residents: Vec<ResidentId>,
    /// What for.
    pub kind: ChargeKind,
    /// In words a resident understands.
    pub description: String,
    /// How much, tax included.
    pub amount: Money,
    /// When it is due.
    pub due_on: NaiveDate,
    /// The days it is for.
    pub period: Option<Span>,
    /// What is still owed of it.
    pub open: Money,
}
document!(Charge as "charge"; |it| sort it.due_on.to_string();
    facets [facet("lease", it.lease), facet("property", it.property),
            facet("status", if it.open.is_zero() { "paid" } else { "open" })],
    each it.residents.iter().map(|resident| format!("resident:{resident}")));

/// Money in a lease's favour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Credit {
    /// The lease.
    pub lease: LeaseId,
    /// Where it came from.
    pub source: CreditSource,
    /// How much it was.
    pub amount: Money,
    /// How much of it is unused; below zero is a shortage.
    pub free: Money,
    /// The day of the receipt.
    pub received_on: NaiveDate,
}
document!(Credit as "credit"; |it| sort it.received_on.to_string(); facets [facet("lease", it.lease)]);
