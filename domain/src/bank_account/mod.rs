//! A bank account that holds the organization's or its residents' money.
//!
//! Invariants: residents' deposits and the properties' own money never share an account by mistake; a closed account takes
//! and gives nothing from its last day on. (The bank may have had it long before it was recorded here, so there is no first.)

mod events;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use events::*;

use crate::{Refusal, context::Context, ids::BankAccountId, input};

/// What can be asked of a bank account.
#[derive(Debug, Clone, Serialize)]
pub enum BankAccountCommand {
    /// Begin to use it, from the day of the command.
    Open {
        /// The name it goes by here.
        name: String,
        /// Whose money it holds.
        purpose: BankPurpose,
    },
    /// Use it no more, from the day of the command.
    Close,
}

refusals! {
    /// Why a bank account refused.
    pub enum BankAccountRefusal {
        Absent "bank-account-absent" => Absent: "there is no such bank account",
        State "bank-account-exists" => Exists: "the bank account exists already",
        State "bank-account-closed" => Closed { on: NaiveDate }: "the bank account was closed on {on}",
        Rule "bank-account-for-deposits" => ForDeposits: "the bank account holds residents' deposits and nothing else",
        Rule "bank-account-not-for-deposits" => NotForDeposits: "the bank account holds no residents' deposits",
    }
}

/// What a decision about a bank account reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankAccount {
    purpose: Option<BankPurpose>,
    closed: Option<NaiveDate>,
}

impl BankAccount {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses to open an account that exists, and to close one that doesn't or is closed.
    pub fn decide(&self, command: BankAccountCommand, context: &Context) -> Result<Vec<BankAccountEvent>, Refusal> {
        let on = context.effective_on;
        let event = match command {
            BankAccountCommand::Open { name, purpose } => {
                if self.purpose.is_some() {
                    return Err(BankAccountRefusal::Exists.into());
                }
                input::line("name", &name)?;
                BankAccountEvent::Opened { name, purpose, on }
            }
            BankAccountCommand::Close => {
                self.must_exist()?;
                if let Some(on) = self.closed {
                    return Err(BankAccountRefusal::Closed { on }.into());
                }
                BankAccountEvent::Closed { on }
            }
        };
        Ok(vec![event])
    }

    /// A guard for decisions of other aggregates: on this day the account takes and gives money of this purpose.
    ///
    /// # Errors
    /// Refuses an account that is absent, closed by then, or there for another purpose.
    pub fn must_serve(&self, purpose: BankPurpose, on: NaiveDate) -> Result<(), BankAccountRefusal> {
        let own = self.must_exist()?;
        if let Some(closed) = self.closed.filter(|closed| *closed <= on) {
            return Err(BankAccountRefusal::Closed { on: closed });
        }
        match (own, purpose) {
            (BankPurpose::DepositTrust, BankPurpose::Operating) => Err(BankAccountRefusal::ForDeposits),
            (BankPurpose::Operating, BankPurpose::DepositTrust) => Err(BankAccountRefusal::NotForDeposits),
            (BankPurpose::Operating, BankPurpose::Operating)
            | (BankPurpose::DepositTrust, BankPurpose::DepositTrust) => Ok(()),
        }
    }

    fn must_exist(&self) -> Result<BankPurpose, BankAccountRefusal> {
        self.purpose.ok_or(BankAccountRefusal::Absent)
    }

    #[expect(clippy::needless_pass_by_value, reason = "as of every aggregate")]
    fn evolve(&mut self, event: BankAccountEvent) {
        match event {
            BankAccountEvent::Opened { purpose, .. } => self.purpose = Some(purpose),
            BankAccountEvent::Closed { on } => self.closed = Some(on),
        }
    }
}

aggregate!(BankAccount of BankAccountId, BankAccountCommand gives BankAccountEvent);

#[cfg(test)]
mod tests;
