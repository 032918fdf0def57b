//! A deposit: money held as security for a lease.
//!
//! Invariants: no more is held than was billed, and never less than nothing; what a credit paid is taken back only from that
//! credit. Due until all of it is held.

mod events;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use events::*;

use crate::{
    Refusal,
    context::Context,
    ids::{BankAccountId, CreditId, DepositId, LeaseId},
    input,
    money::Money,
};

/// What can be asked of a deposit. What else has to hold is for the [decisions](crate::decisions) that ask it.
#[derive(Debug, Clone, Copy, Serialize)]
pub enum DepositCommand {
    /// Ask for it.
    Bill(NewDeposit),
    /// Take money that was paid straight into the deposit account.
    Receive {
        /// How much.
        amount: Money,
        /// Into which account.
        bank_account: BankAccountId,
    },
    /// Take over what earlier books held: all of it.
    TakeOver,
    /// Take what a credit of the lease pays.
    Transfer {
        /// Which credit.
        credit: CreditId,
        /// How much.
        amount: Money,
        /// True if the payment is in the bank already.
        banked: bool,
    },
    /// Give back what a credit had paid.
    Reverse {
        /// Which credit.
        credit: CreditId,
        /// How much.
        amount: Money,
        /// True if the payment is in the bank.
        banked: bool,
    },
}

/// A deposit to ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NewDeposit {
    /// The lease it secures.
    pub lease: LeaseId,
    /// What it secures.
    pub purpose: DepositPurpose,
    /// True if it may be used for that purpose only.
    pub limited: bool,
    /// How much.
    pub amount: Money,
    /// When it is due.
    pub due_on: NaiveDate,
}

refusals! {
    /// Why a deposit refused.
    pub enum DepositRefusal {
        Absent "deposit-absent" => Absent: "there is no such deposit",
        State "deposit-exists" => Exists: "the deposit exists already",
        Rule "deposit-of-another-lease" => OfAnotherLease { lease: LeaseId }: "the deposit secures lease {lease}",
        State "deposit-beyond-due" => BeyondDue { asked: Money, due: Money }:
            "{due} of the deposit are due, less than {asked}",
        State "deposit-not-from-credit" => NotFromCredit { credit: CreditId, asked: Money, paid: Money }:
            "credit {credit} has paid {paid} of the deposit, not {asked}",
    }
}

/// How far a deposit has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DepositStatus {
    /// Not all of it is held.
    Due,
    /// All of it is held.
    Held,
}

/// What a decision about a deposit reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    billed: Option<Billed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Billed {
    lease: LeaseId,
    due: Money,
    held: Money,
    from_credits: Vec<(CreditId, Money)>,
}

impl Deposit {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses what the invariants above forbid.
    pub fn decide(&self, command: DepositCommand, context: &Context) -> Result<Vec<DepositEvent>, Refusal> {
        let event = match command {
            DepositCommand::Bill(new) => return self.bill(new, context),
            DepositCommand::Receive { amount, bank_account } => {
                self.receive(amount, DepositSource::Direct, Some(bank_account), context)?
            }
            DepositCommand::TakeOver => self.receive(self.due()?, DepositSource::Opening, None, context)?,
            DepositCommand::Transfer { credit, amount, banked } => {
                self.receive(amount, DepositSource::Credit { credit, banked }, None, context)?
            }
            DepositCommand::Reverse { credit, amount, banked } => self.reverse(credit, amount, banked, context)?,
        };
        Ok(vec![event])
    }

    fn bill(&self, new: NewDeposit, context: &Context) -> Result<Vec<DepositEvent>, Refusal> {
        if self.billed.is_some() {
            return Err(DepositRefusal::Exists.into());
        }
        input::amount("amount", new.amount, context.currency())?;
        input::date("due_on", new.due_on)?;
        Ok(vec![DepositEvent::Billed {
            lease: new.lease,
            purpose: new.purpose,
            limited: new.limited,
            amount: new.amount,
            due_on: new.due_on,
        }])
    }

    fn receive(
        &self,
        amount: Money,
        source: DepositSource,
        bank_account: Option<BankAccountId>,
        context: &Context,
    ) -> Result<DepositEvent, Refusal> {
        let billed = self.billed()?;
        input::amount("amount", amount, context.currency())?;
        if amount.minor > billed.due.minor {
            let due = billed.due;
            return Err(DepositRefusal::BeyondDue { asked: amount, due }.into());
        }
        Ok(DepositEvent::Received {
            lease: billed.lease,
            amount,
            source,
            on: context.effective_on,
            bank_account,
        })
    }

    fn reverse(
        &self,
        credit: CreditId,
        amount: Money,
        banked: bool,
        context: &Context,
    ) -> Result<DepositEvent, Refusal> {
        let billed = self.billed()?;
        input::amount("amount", amount, context.currency())?;
        let paid = billed.paid_by(credit);
        if amount.minor > paid.minor {
            let asked = amount;
            return Err(DepositRefusal::NotFromCredit { credit, asked, paid }.into());
        }
        Ok(DepositEvent::ReceiptReversed {
            lease: billed.lease,
            amount,
            credit,
            banked,
        })
    }

    /// A guard: there is such a deposit, and it secures this lease.
    ///
    /// # Errors
    /// Refuses a deposit that was never billed, and names the lease of one that secures another.
    pub fn must_secure(&self, lease: LeaseId) -> Result<(), DepositRefusal> {
        let own = self.billed()?.lease;
        if own == lease {
            Ok(())
        } else {
            Err(DepositRefusal::OfAnotherLease { lease: own })
        }
    }

    /// What was billed and is not held.
    ///
    /// # Errors
    /// Refuses a deposit that was never billed.
    pub fn due(&self) -> Result<Money, DepositRefusal> {
        Ok(self.billed()?.due)
    }

    /// What is held.
    ///
    /// # Errors
    /// Refuses a deposit that was never billed.
    pub fn held(&self) -> Result<Money, DepositRefusal> {
        Ok(self.billed()?.held)
    }

    /// How far it has come; `None` before it was billed.
    #[must_use]
    pub fn status(&self) -> Option<DepositStatus> {
        let due = self.due().ok()?;
        Some(if due.is_positive() {
            DepositStatus::Due
        } else {
            DepositStatus::Held
        })
    }

    fn billed(&self) -> Result<&Billed, DepositRefusal> {
        self.billed.as_ref().ok_or(DepositRefusal::Absent)
    }

    fn evolve(&mut self, event: DepositEvent) {
        match (event, &mut self.billed) {
            (DepositEvent::Billed { lease, amount, .. }, _) => {
                self.billed = Some(Billed {
                    lease,
                    due: amount,
                    held: Money::zero(amount.currency),
                    from_credits: Vec::new(),
                });
            }
            (DepositEvent::Received { amount, source, .. }, Some(billed)) => billed.take(source, amount.minor),
            (DepositEvent::ReceiptReversed { amount, credit, .. }, Some(billed)) => {
                billed.take(DepositSource::Credit { credit, banked: true }, -amount.minor);
            }
            (DepositEvent::Received { .. } | DepositEvent::ReceiptReversed { .. }, None) => {}
        }
    }
}

impl Billed {
    fn paid_by(&self, credit: CreditId) -> Money {
        self.from_credits
            .iter()
            .find(|(known, _)| *known == credit)
            .map_or(Money::zero(self.due.currency), |(_, paid)| *paid)
    }

    fn take(&mut self, source: DepositSource, minor: i64) {
        self.due.minor = self.due.minor.saturating_sub(minor);
        self.held.minor = self.held.minor.saturating_add(minor);
        if let DepositSource::Credit { credit, .. } = source {
            let paid = self.paid_by(credit);
            self.from_credits.retain(|(known, _)| *known != credit);
            self.from_credits
                .push((credit, Money::new(paid.minor.saturating_add(minor), paid.currency)));
        }
    }
}

aggregate!(Deposit of DepositId, DepositCommand gives DepositEvent);

#[cfg(test)]
mod tests;
