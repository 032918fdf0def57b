use chrono::NaiveDate;

use crate::personal::{Contact, Personal};

events! {
    /// Facts about a vendor.
    pub enum VendorEvent of "vendor" {
        /// It was taken on.
        "vendor.created" v 1 => Created {
            /// The name on its invoices.
            name: Personal<String>,
            /// How to reach it.
            contact: Personal<Contact>,
            /// What it does: `plumbing`, `hvac`.
            trades: Vec<String>,
            /// The last day on which its liability insurance covers it, if that is known.
            insured_through: Option<NaiveDate>,
        },
        /// What is known of it changed.
        "vendor.updated" v 1 => Updated {
            /// The name on its invoices.
            name: Personal<String>,
            /// How to reach it.
            contact: Personal<Contact>,
            /// What it does.
            trades: Vec<String>,
            /// The last day on which its liability insurance covers it, if that is known.
            insured_through: Option<NaiveDate>,
        },
        /// It may not be assigned or paid from now on.
        "vendor.blocked" v 1 => Blocked {
            /// Why.
            reason: String,
        },
        /// It may be assigned and paid again.
        "vendor.unblocked" v 1 => Unblocked,
        /// Its liability insurance ran out; someone should look.
        "vendor.insurance_expired" v 1 => InsuranceExpired {
            /// The last day on which it was covered.
            insured_through: NaiveDate,
        },
    }
}
