use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{BankAccountId, CreditId, LeaseId},
    money::Money,
};

/// What a deposit secures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DepositPurpose {
    /// Anything the residents owe; used first.
    Security,
    /// Damage by a pet.
    Pet,
    /// Keys.
    Key,
    /// Anything else.
    Other,
}

/// Where a deposit's money came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum DepositSource {
    /// It was paid straight into the deposit account.
    Direct,
    /// It was held when the books were taken over.
    Opening,
    /// A credit of the lease paid it: a transfer between the accounts.
    Credit {
        /// Which: the payment's.
        credit: CreditId,
        /// True if that payment was in the bank already.
        banked: bool,
    },
}

events! {
    /// Facts about a deposit.
    pub enum DepositEvent of "deposit" {
        /// It was asked for: an open item of the lease, not yet in the books.
        "deposit.billed" v 1 => Billed {
            /// The lease it secures.
            lease: LeaseId,
            /// What it secures.
            purpose: DepositPurpose,
            /// True if it may be used for that purpose only.
            limited: bool,
            /// How much.
            amount: Money,
            /// When it is due.
            due_on: NaiveDate,
        },
        /// Money came in for it.
        "deposit.received" v 1 => Received {
            /// The lease it secures.
            lease: LeaseId,
            /// How much this time.
            amount: Money,
            /// From where.
            source: DepositSource,
            /// The day of the receipt.
            on: NaiveDate,
            /// Into which account, if paid straight into one.
            #[serde(default)]
            bank_account: Option<BankAccountId>,
        },
        /// A credit that had paid it was taken off it again.
        "deposit.receipt_reversed" v 1 => ReceiptReversed {
            /// The lease it secures.
            lease: LeaseId,
            /// How much.
            amount: Money,
            /// The credit that had paid it.
            credit: CreditId,
            /// True if the money goes back into the operating account; else it is undeposited again.
            banked: bool,
        },
    }
}
