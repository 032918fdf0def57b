//! What residents pay, and what becomes of it.

pub mod complete;
pub mod deposit;
pub mod dispute;
pub mod due;
pub mod fail;
pub mod get;
pub mod initiate;
pub mod ledger;
pub mod list_bank_accounts;
pub mod lose_dispute;
pub mod process;
pub mod refund;
pub mod return_;
pub mod void;
pub mod win_dispute;

use domain::{
    ids::{LeaseId, ResidentId},
    payment::{Designation, Intent, Method},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::wire::{Amount, Line, objects};

/// What is paid, and for which lease.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PaymentInput {
    /// For which lease.
    pub lease: LeaseId,
    /// How much.
    pub amount: Amount,
    /// How.
    pub method: Method,
    /// The payer's or the bank's mark on it: cheque number, trace number. The same never counts twice.
    #[serde(default)]
    pub reference: Option<Line>,
    /// What it is to pay before anything else, in this order; deposits are paid only so.
    #[serde(default, deserialize_with = "objects")]
    #[schema(max_items = 100)]
    pub designations: Vec<Designation>,
}

impl PaymentInput {
    /// What the payer means.
    pub fn by(self, payer: Option<ResidentId>) -> Intent {
        Intent {
            lease: self.lease,
            payer,
            amount: self.amount.into(),
            method: self.method,
            reference: self.reference.map(String::from),
            designations: self.designations,
        }
    }
}
