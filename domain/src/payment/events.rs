use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{BankAccountId, ChargeId, DepositId, LeaseId, ResidentId},
    money::Money,
};

/// How money comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Notes and coins.
    Cash,
    /// A cheque or money order.
    Cheque,
    /// A bank debit or transfer.
    Ach,
    /// A card.
    Card,
}

/// What the payer wants paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
pub enum Designation {
    /// A charge of the lease.
    Charge {
        /// Which.
        charge: ChargeId,
        /// How much at most.
        amount: Money,
    },
    /// A deposit of the lease; nothing else ever pays one.
    Deposit {
        /// Which.
        deposit: DepositId,
        /// How much at most.
        amount: Money,
    },
}

events! {
    /// Facts about a payment. Each that moves money carries what the books need.
    pub enum PaymentEvent of "payment" {
        /// Someone means to pay.
        "payment.initiated" v 1 => Initiated {
            /// For which lease.
            lease: LeaseId,
            /// Who pays, if a resident.
            payer: Option<ResidentId>,
            /// How much.
            amount: Money,
            /// How.
            method: Method,
            /// The payer's or the bank's mark on it: cheque number, trace number.
            reference: Option<String>,
            /// What it is to pay before anything else, in this order.
            designations: Vec<Designation>,
        },
        /// A bank or card network is at work on it.
        "payment.processing" v 1 => Processing,
        /// The money is ours, for now.
        "payment.completed" v 1 => Completed {
            /// For which lease.
            lease: LeaseId,
            /// How much.
            amount: Money,
            /// The day of the receipt.
            received_on: NaiveDate,
            /// The mark on it, where it was not known when the payment was initiated.
            #[serde(default)]
            reference: Option<String>,
        },
        /// The money is in the bank, net of what the processor kept.
        "payment.deposited" v 1 => Deposited {
            /// For which lease.
            lease: LeaseId,
            /// How much of the payment: all of it but what a deposit took before; zero if one took everything.
            amount: Money,
            /// What the processor kept of it; on deposit money too, and then out of the operating account.
            fee: Money,
            /// Into which account.
            bank_account: BankAccountId,
            /// The day the bank counts it.
            on: NaiveDate,
        },
        /// It did not come.
        "payment.failed" v 1 => Failed {
            /// Why.
            reason: String,
        },
        /// It was a keyed-in mistake.
        "payment.voided" v 1 => Voided {
            /// For which lease.
            lease: LeaseId,
            /// How much.
            amount: Money,
            /// True if it had been completed, so that the books take it back.
            completed: bool,
            /// Why.
            reason: String,
        },
        /// The bank took it back.
        "payment.returned" v 1 => Returned {
            /// For which lease.
            lease: LeaseId,
            /// How much: all of it.
            amount: Money,
            /// Out of which account, or out of what was never banked.
            bank_account: Option<BankAccountId>,
            /// What the bank charged us for it.
            bank_fee: Money,
            /// The bank's reason: `R01`.
            reason: String,
        },
        /// The payer's bank asks for it back.
        "payment.disputed" v 1 => Disputed {
            /// Why.
            reason: String,
        },
        /// We keep it.
        "payment.dispute_won" v 1 => DisputeWon,
        /// We don't.
        "payment.dispute_lost" v 1 => DisputeLost {
            /// For which lease.
            lease: LeaseId,
            /// How much: what had not been refunded.
            amount: Money,
            /// Out of which account, or out of what was never banked.
            bank_account: Option<BankAccountId>,
            /// What the bank charged us for it.
            bank_fee: Money,
        },
        /// Some of it was paid back.
        "payment.refunded" v 1 => Refunded {
            /// For which lease.
            lease: LeaseId,
            /// How much this time.
            amount: Money,
            /// Out of which account.
            bank_account: BankAccountId,
            /// True if nothing of it is left.
            whole: bool,
            /// Why.
            reason: String,
        },
    }
}
