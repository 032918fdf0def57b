//! The chart of accounts: which accounts the books have, what they are called, and where they stand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an account is counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// What the properties have.
    Asset,
    /// What they owe.
    Liability,
    /// What is the owners'.
    Equity,
    /// What they earn.
    Income,
    /// What it costs them.
    Expense,
}

/// The number is no account of the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no account {0}")]
pub struct UnknownAccount(pub i16);

/// The accounts with their numbers, classes and names, once.
macro_rules! chart {
    ($($(#[$doc:meta])* $code:literal $class:ident $account:ident $name:literal),* $(,)?) => {
        /// An account of the books.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Account {
            $($(#[$doc])* $account = $code),*
        }

        impl Account {
            /// Every account, by number.
            pub const ALL: &'static [Self] = &[$(Self::$account),*];

            /// Its number.
            #[must_use]
            pub const fn code(self) -> i16 {
                self as i16
            }

            /// What it is called.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$account => $name),* }
            }

            /// What it is counted as.
            #[must_use]
            pub const fn class(self) -> Class {
                match self { $(Self::$account => Class::$class),* }
            }
        }

        impl TryFrom<i16> for Account {
            type Error = UnknownAccount;

            fn try_from(code: i16) -> Result<Self, UnknownAccount> {
                match code {
                    $($code => Ok(Self::$account),)*
                    _ => Err(UnknownAccount(code)),
                }
            }
        }
    };
}

chart! {
    /// Money of the managed properties in the bank.
    1000 Asset OperatingCash "Operating trust cash",
    /// Residents' deposits in the bank.
    1010 Asset DepositCash "Deposit trust cash",
    /// Money that was received and is not in the bank yet.
    1050 Asset UndepositedFunds "Undeposited funds",
    /// What residents owe.
    1200 Asset Receivables "Tenant receivables",
    /// What vendors are owed.
    2000 Liability Payables "Payables",
    /// What is held as security for leases.
    2100 Liability DepositsHeld "Deposits held",
    /// What residents paid and nothing has used yet.
    2200 Liability Prepaid "Prepaid rent and credits",
    /// What the manager may take out as its fee.
    2300 Liability FeesDueManager "Fees due the manager",
    /// Tax that is charged or collected and not remitted.
    2400 Liability TaxesPayable "Taxes payable",
    /// The manager's own money that stands in the trust account.
    2500 Liability ManagersFloat "Manager's float",
    /// What owners put in.
    3000 Equity OwnerContributions "Owner contributions",
    /// What owners were paid.
    3100 Equity OwnerDistributions "Owner distributions",
    /// What was taken over from earlier books.
    3800 Equity OpeningBalances "Opening balances",
    /// What closed years left.
    3900 Equity RetainedEarnings "Retained earnings",
    /// Rent.
    4000 Income Rent "Rent",
    /// Reductions of the rent.
    4050 Income Concessions "Concessions",
    /// Fees for paying late.
    4100 Income LateFees "Late fees",
    /// Fees for payments that came back.
    4110 Income NsfFees "NSF fees",
    /// Parking, pets, storage, utilities and the like.
    4200 Income OtherCharges "Other charges",
    /// Damage that residents answer for.
    4300 Income DamageRecovery "Damage recovery",
    /// Repairs that residents pay.
    4400 Income RepairsBilled "Repairs billed to residents",
    /// Repairs.
    5000 Expense Repairs "Repairs",
    /// The manager's fee.
    5100 Expense ManagementFees "Management fees",
    /// What banks and processors keep.
    5200 Expense BankFees "Bank and processing fees",
    /// Water, power, heat.
    5300 Expense Utilities "Utilities",
    /// Insurance.
    5400 Expense Insurance "Insurance",
    /// Taxes on the property.
    5500 Expense PropertyTaxes "Property taxes",
    /// What will not be collected.
    5900 Expense BadDebt "Bad debt",
    /// What lasts longer than a year.
    6000 Expense Capital "Capital",
    /// Interest and repayment of loans.
    6100 Expense DebtService "Debt service",
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code(), self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_number() {
        for account in Account::ALL {
            assert_eq!(Account::try_from(account.code()), Ok(*account));
        }
        assert_eq!(Account::Receivables.to_string(), "1200 Tenant receivables");
        assert_eq!(Account::try_from(1).unwrap_err().to_string(), "there is no account 1");
    }

    #[test]
    fn the_first_digit_says_the_class() {
        for account in Account::ALL {
            let class = match account.code() / 1000 {
                1 => Class::Asset,
                2 => Class::Liability,
                3 => Class::Equity,
                4 => Class::Income,
                _ => Class::Expense,
            };
            assert_eq!(account.class(), class, "{account}");
        }
        assert!(Account::ALL.is_sorted_by_key(|account| account.code()));
    }
}
