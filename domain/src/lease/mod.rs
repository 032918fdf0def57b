//! A lease: an agreement to rent a unit, from its draft to its settlement, with its account.
//!
//! Invariants: its days are half-open; what was agreed changes by facts only; no day is charged twice; no late fee is
//! assessed twice; it is settled only when nothing is owed either way and its deposits are disposed of.

mod account;
mod agreement;
mod charging;
mod command;
mod contract;
mod events;
mod facts;
pub mod late_fees;
mod lifecycle;
mod outlook;
pub mod proration;
mod refusals;
pub mod schedule;

use serde::{Deserialize, Serialize};

pub use account::*;
pub use command::*;
pub use contract::*;
pub use events::*;
use facts::Facts;
pub use refusals::*;

use crate::{
    Refusal,
    context::Context,
    ids::{DepositId, LeaseId},
};

/// What a decision about a lease reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    contract: Option<Contract>,
    account: Account,
    deposits: Vec<DepositId>,
}

impl Lease {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses what the invariants above forbid, and to change nothing.
    pub fn decide(&self, command: LeaseCommand, context: &Context) -> Result<Vec<LeaseEvent>, Refusal> {
        match command {
            LeaseCommand::Draft { property, unit, terms } => self.draft(property, unit, terms, context),
            LeaseCommand::Amend { terms } => self.amend(terms, context),
            LeaseCommand::AddRecurring(recurring) => self.add_recurring(recurring, context),
            LeaseCommand::EndRecurring { recurring, on } => self.end_recurring(recurring, on, context),
            LeaseCommand::Sign { on } => self.sign(on, context),
            LeaseCommand::Void { reason } => self.void(reason),
            LeaseCommand::TakeOver(taken) => self.take_over(taken, context),
            LeaseCommand::Activate { on } => self.activate(on, context),
            LeaseCommand::ChangeRent { rent, rent_tax, from } => self.change_rent(rent, rent_tax, from, context),
            LeaseCommand::Renew(renewal) => self.renew(renewal, context),
            LeaseCommand::RollOver => self.roll_over(context),
            LeaseCommand::GiveNotice { given_on, ends } => self.give_notice(given_on, ends, context),
            LeaseCommand::AnnounceExpiry => self.announce_expiry(context),
            LeaseCommand::End { on } => self.end(on, context),
            LeaseCommand::Settle => self.settle(context),
            LeaseCommand::AddDeposit { deposit } => self.add_deposit(deposit),
            LeaseCommand::PostDue { through } => self.post_due(through, context),
            LeaseCommand::Charge(charge) => self.charge(charge, context),
            LeaseCommand::AssessLateFees { day } => self.assess_late_fees(day, context),
            LeaseCommand::Waive { charge, amount, reason } => {
                self.must_have_account()?;
                self.account.waive(charge, reduction(amount), reason, context)
            }
            LeaseCommand::WriteOff { charge, amount, reason } => {
                self.must_have_account()?;
                self.account.write_off(charge, reduction(amount), reason, context)
            }
            LeaseCommand::Concede { charge, amount, reason } => {
                self.must_have_account()?;
                let concession = context.id(0).into();
                self.account.concede((concession, charge), amount, reason, context)
            }
        }
    }

    /// What was agreed.
    ///
    /// # Errors
    /// Refuses a lease that was never drafted.
    pub fn contract(&self) -> Result<&Contract, LeaseRefusal> {
        self.contract.as_ref().ok_or(LeaseRefusal::Absent)
    }

    /// What is owed and what is in the residents' favour.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The deposits that secure it.
    #[must_use]
    pub fn deposits(&self) -> &[DepositId] {
        &self.deposits
    }

    /// A guard: it was agreed and is not settled, so that things can be charged and paid on it.
    ///
    /// # Errors
    /// Refuses a lease that is absent, a draft, voided or settled.
    pub fn must_have_account(&self) -> Result<&Contract, LeaseRefusal> {
        self.must_be(
            &[
                Status::Signed,
                Status::Active,
                Status::MonthToMonth,
                Status::OnNotice,
                Status::Ended,
            ],
            "signed and not settled",
        )
    }

    fn must_be_in_force(&self) -> Result<&Contract, LeaseRefusal> {
        self.must_be(&[Status::Active, Status::MonthToMonth, Status::OnNotice], "in force")
    }

    fn must_be(&self, allowed: &[Status], needed: &'static str) -> Result<&Contract, LeaseRefusal> {
        let contract = self.contract()?;
        if allowed.contains(&contract.status) {
            Ok(contract)
        } else {
            Err(LeaseRefusal::Status {
                status: contract.status,
                needed,
            })
        }
    }

    fn evolve(&mut self, event: LeaseEvent) {
        self.account.apply(&event);
        match (&mut self.contract, event) {
            (_, LeaseEvent::Created { property, unit, terms }) => {
                self.contract = Some(Contract::draft(property, unit, terms));
            }
            (_, LeaseEvent::DepositAdded { deposit }) => self.deposits.push(deposit),
            (Some(contract), event) => contract.evolve(&event),
            (None, _) => {}
        }
    }
}

aggregate!(Lease of LeaseId, LeaseCommand gives LeaseEvent, at rest once is_over);

fn reduction(amount: Option<crate::money::Money>) -> Reduction {
    amount.map_or(Reduction::Whole, Reduction::Part)
}

#[cfg(test)]
mod tests;
