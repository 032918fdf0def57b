//! How leases and what is owed on them are shown.

use chrono::NaiveDate;
use domain::{
    ids::{ChargeId, DepositId, LeaseId, PropertyId, RecurringId, ResidentId, UnitId},
    lease::{ChargeKind, Terms},
    money::Money,
    span::Span,
};
use projections::directory::{Charge, Lease, Recurring, queries::Entry};
use serde::Serialize;
use utoipa::ToSchema;

/// A lease, with the sums of its account.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaseView {
    /// Its id.
    pub id: LeaseId,
    /// The last sequence that this tells: its `ETag`.
    pub version: i64,
    /// The property of the unit.
    pub property: PropertyId,
    /// The unit.
    pub unit: UnitId,
    /// `draft`, `signed`, `active`, `month_to_month`, `on_notice`, `ended`, `settled` or `voided`.
    pub status: String,
    /// Who rents, jointly liable.
    pub residents: Vec<ResidentId>,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day of the term, included; null from month to month.
    pub last_day: Option<NaiveDate>,
    /// The last day, included, once it is certain.
    pub ends_on: Option<NaiveDate>,
    /// The rent of a whole month.
    pub rent: Money,
    /// The tax on it, on top.
    pub rent_tax: Option<Money>,
    /// The day of the month on which rent is due; in a shorter month its last day.
    pub due_day: u8,
    /// What is charged every month beside the rent.
    pub recurring: Vec<RecurringView>,
    /// The day of the last signature.
    pub signed_on: Option<NaiveDate>,
    /// The day of moving in.
    pub activated_on: Option<NaiveDate>,
    /// The day on which notice was given.
    pub notice_given_on: Option<NaiveDate>,
    /// What is owed: open charges.
    pub owed: Money,
    /// What is in the residents' favour and unused.
    pub credit: Money,
    /// What is owed less what is in the residents' favour.
    pub balance: Money,
    /// The deposits that secure it.
    pub deposits: Vec<DepositId>,
}

/// Something charged every month beside the rent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecurringView {
    /// Its id.
    pub id: RecurringId,
    /// What for.
    pub kind: ChargeKind,
    /// In the words of the lease.
    pub description: String,
    /// For a whole month, tax included.
    pub amount: Money,
    /// The first day it is charged for.
    pub from: NaiveDate,
    /// The last day it is charged for, if it ended.
    pub last_day: Option<NaiveDate>,
}

impl From<Entry<Lease>> for LeaseView {
    fn from(Entry { id, version, document }: Entry<Lease>) -> Self {
        let Terms {
            residents,
            term,
            rent,
            rent_tax,
            due_day,
        } = document.terms;
        Self {
            id: id.into(),
            version,
            property: document.property,
            unit: document.unit,
            status: document.status,
            residents,
            starts_on: term.from,
            last_day: term.last_day(),
            ends_on: document.ends.and_then(|day_after| day_after.pred_opt()),
            rent,
            rent_tax,
            due_day,
            recurring: document.recurring.into_iter().map(RecurringView::from).collect(),
            signed_on: document.signed_on,
            activated_on: document.activated_on,
            notice_given_on: document.notice_given_on,
            owed: document.owed,
            credit: document.credit,
            balance: document.balance,
            deposits: document.deposits,
        }
    }
}

impl From<Recurring> for RecurringView {
    fn from(recurring: Recurring) -> Self {
        Self {
            id: recurring.id,
            kind: recurring.kind,
            description: recurring.description,
            amount: recurring.amount,
            from: recurring.span.from,
            last_day: recurring.span.last_day(),
        }
    }
}

/// Something that is or was owed on a lease.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChargeView {
    /// Its id.
    pub id: ChargeId,
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
    /// What is still owed of it.
    pub open: Money,
    /// When it is due.
    pub due_on: NaiveDate,
    /// The first day it is for, if it is for days.
    pub from: Option<NaiveDate>,
    /// The last day it is for, included.
    pub last_day: Option<NaiveDate>,
}

impl From<Entry<Charge>> for ChargeView {
    fn from(Entry { id, document, .. }: Entry<Charge>) -> Self {
        Self {
            id: id.into(),
            lease: document.lease,
            property: document.property,
            residents: document.residents,
            kind: document.kind,
            description: document.description,
            amount: document.amount,
            open: document.open,
            due_on: document.due_on,
            from: document.period.map(|period| period.from),
            last_day: document.period.and_then(Span::last_day),
        }
    }
}
