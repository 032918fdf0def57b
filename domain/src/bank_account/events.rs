use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose money a bank account holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BankPurpose {
    /// Rents and costs of the managed properties.
    Operating,
    /// Residents' deposits.
    DepositTrust,
}

events! {
    /// Facts about a bank account.
    pub enum BankAccountEvent of "bank_account" {
        /// It was opened.
        "bank_account.opened" v 1 => Opened {
            /// The name it goes by here.
            name: String,
            /// Whose money it holds.
            purpose: BankPurpose,
            /// The day from which it takes money.
            on: NaiveDate,
        },
        /// It takes and gives no more money.
        "bank_account.closed" v 1 => Closed {
            /// The first day on which it doesn't.
            on: NaiveDate,
        },
    }
}
