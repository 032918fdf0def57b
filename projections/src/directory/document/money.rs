//! Payments, deposits and the accounts they are in.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    bank_account::BankPurpose,
    deposit::DepositPurpose,
    ids::{BankAccountId, LeaseId, ResidentId},
    money::Money,
    payment::{Designation, Method},
};
use serde::{Deserialize, Serialize};

use super::{AnyDocument, Document, facet, maybe};

/// A payment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// For which lease.
    pub lease: LeaseId,
    /// Who pays, if a resident.
    pub payer: Option<ResidentId>,
    /// `initiated`, `processing`, `completed`, `deposited`, `failed`, `voided`, `returned`, `disputed` or `refunded`.
    pub status: String,
    /// How much.
    pub amount: Money,
    /// How.
    pub method: Method,
    /// The payer's or the bank's mark on it.
    pub reference: Option<String>,
    /// What it is to pay first.
    pub designations: Vec<Designation>,
    /// When someone meant to pay.
    pub initiated_at: DateTime<Utc>,
    /// The day of the receipt.
    pub received_on: Option<NaiveDate>,
    /// The day the bank counts it.
    pub deposited_on: Option<NaiveDate>,
    /// The account it was deposited into.
    pub bank_account: Option<BankAccountId>,
    /// What was paid back of it.
    pub refunded: Money,
    /// Why it failed, was voided, returned or disputed.
    pub reason: Option<String>,
}
document!(Payment as "payment", newest first true; |it| sort it.initiated_at.to_rfc3339();
    facets [facet("lease", it.lease), maybe("resident", it.payer), facet("status", &it.status)]);

/// A deposit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Deposit {
    /// The lease it secures.
    pub lease: LeaseId,
    /// `due` or `held`.
    pub status: String,
    /// What it secures.
    pub purpose: DepositPurpose,
    /// True if it may be used for that purpose only.
    pub limited: bool,
    /// How much was asked for.
    pub amount: Money,
    /// How much is held.
    pub held: Money,
    /// When it is due.
    pub due_on: NaiveDate,
}
document!(Deposit as "deposit"; |it| sort it.due_on.to_string();
    facets [facet("lease", it.lease), facet("status", &it.status)]);

/// A bank account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BankAccount {
    /// `open` or `closed`.
    pub status: String,
    /// The name it goes by here.
    pub name: String,
    /// Whose money it holds.
    pub purpose: BankPurpose,
    /// The day from which it takes money.
    pub opened_on: NaiveDate,
}
document!(BankAccount as "bank_account"; |it| sort it.name.to_lowercase();
facets [facet("status", &it.status), facet("purpose", match it.purpose {
    BankPurpose::Operating => "operating",
    BankPurpose::DepositTrust => "deposit_trust",
})]);
