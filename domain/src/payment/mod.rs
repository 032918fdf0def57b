//! A payment: one receipt of money on its own way, from the intent to pay to the bank, and sometimes back.
//!
//! Invariants: it is completed once; what is refunded never exceeds it, and nothing is refunded that is not in the bank, is
//! within its hold days, is disputed or was taken back. A bank that takes it back takes all of it, whatever was refunded. What
//! the lease makes of the money is the lease's: see the [decisions](crate::decisions) over both.

mod events;
mod state;

use chrono::NaiveDate;
use serde::Serialize;

pub use events::*;
pub use state::{Intent, Payment, PaymentStatus};

use crate::{
    Refusal,
    context::Context,
    ids::{BankAccountId, LeaseId, PaymentId, ResidentId},
    input,
    money::Money,
    span::days_after,
};

/// What can be asked of a payment. It decides alone that it is processed, failed, disputed or won; what all else means for the
/// lease is for the [decisions](crate::decisions), and is never asked of the payment alone.
#[derive(Debug, Clone, Serialize)]
pub enum PaymentCommand {
    /// Record that someone means to pay.
    Initiate(Intent),
    /// Record that a bank or card network is at work on it.
    Process,
    /// Record that the money is ours, received on the day the command counts from.
    Complete {
        /// The mark on it, if it was not known before.
        reference: Option<String>,
    },
    /// Record that it is in the bank.
    Deposit {
        /// How much of it was not yet anywhere: all of it but what deposits took.
        undeposited: Money,
        /// What the processor kept.
        fee: Money,
        /// Into which account.
        bank_account: BankAccountId,
    },
    /// Record that it did not come.
    Fail {
        /// Why.
        reason: String,
    },
    /// Take back a keyed-in mistake.
    Void {
        /// Why.
        reason: String,
    },
    /// Record that the bank took it back.
    Return {
        /// What the bank charged for that.
        bank_fee: Money,
        /// The bank's reason: `R01`.
        reason: String,
    },
    /// Record that the payer's bank asks for it back.
    Dispute {
        /// Why.
        reason: String,
    },
    /// Record that we keep it.
    Win,
    /// Record that we don't.
    Lose {
        /// What the bank charged for that.
        bank_fee: Money,
    },
    /// Pay some of it back.
    Refund {
        /// How much.
        amount: Money,
        /// Why.
        reason: String,
    },
}

refusals! {
    /// Why a payment refused.
    pub enum PaymentRefusal {
        Absent "payment-absent" => Absent: "there is no such payment",
        State "payment-exists" => Exists: "the payment exists already",
        State "payment-status-forbids" => Forbidden { status: PaymentStatus, asked: &'static str }:
            "a payment that is {status} can't be {asked}",
        Rule "payment-reference-missing" => ReferenceMissing { method: Method }:
            "a payment by {method} needs a reference; only cash has none",
        State "payment-reference-known" => ReferenceKnown { reference: String }:
            "the payment has the reference `{reference}` already",
        State "payment-reference-counted" => ReferenceCounted { reference: String, payment: PaymentId }:
            "reference `{reference}` of this payer was counted as payment {payment}",
        Absent "payment-payer-not-on-lease" => PayerNotOnLease { payer: ResidentId, lease: LeaseId }:
            "{payer} is no resident of lease {lease}; leave the payer out if someone else pays for them",
        Rule "payment-designates-too-much" => DesignatesTooMuch { designated: Money, amount: Money }:
            "{designated} are designated, more than the payment of {amount}",
        Rule "payment-dated-ahead" => DatedAhead { on: NaiveDate, today: NaiveDate }:
            "money can't have come in on {on}: it was recorded on {today}",
        Rule "payment-dated-too-early" => DatedTooEarly { on: NaiveDate, since: NaiveDate }:
            "{on} lies before {since}, when the money came there",
        Rule "payment-fee-too-large" => FeeTooLarge { fee: Money, amount: Money }:
            "a processor can't keep {fee} of a payment of {amount}",
        State "payment-on-hold" => OnHold { until: NaiveDate }: "the payment is held until {until}; it can be refunded from then on",
        State "payment-refund-too-large" => RefundTooLarge { asked: Money, left: Money }:
            "{left} of the payment are not refunded, less than {asked}",
    }
}

impl Payment {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses what the invariants above forbid, and what its status does not allow.
    pub fn decide(&self, command: PaymentCommand, context: &Context) -> Result<Vec<PaymentEvent>, Refusal> {
        use PaymentStatus::{Completed, Deposited, Disputed, Initiated, Processing, Refunded};

        let asked = command.participle();
        let known = match command {
            PaymentCommand::Initiate(intent) => return self.initiate(intent, context),
            _ => self.known()?,
        };
        let event = match (known.status, command) {
            (Initiated, PaymentCommand::Process) => PaymentEvent::Processing,
            (Initiated | Processing, PaymentCommand::Complete { reference }) => {
                known.complete(reference.as_deref(), context)?
            }
            (Initiated | Processing, PaymentCommand::Fail { reason }) => {
                input::line("reason", &reason)?;
                PaymentEvent::Failed { reason }
            }
            (Initiated | Processing | Completed, PaymentCommand::Void { reason }) => known.void(reason, context)?,
            (
                Completed,
                PaymentCommand::Deposit {
                    undeposited,
                    fee,
                    bank_account,
                },
            ) => known.deposit(undeposited, fee, bank_account, context)?,
            (Completed | Deposited | Refunded, PaymentCommand::Return { bank_fee, reason }) => {
                input::line("reason", &reason)?;
                known.must_not_lie_ahead(context)?;
                input::amount_or_zero("bank_fee", bank_fee, context.currency())?;
                PaymentEvent::Returned {
                    lease: known.intent.lease,
                    amount: known.intent.amount,
                    bank_account: known.bank_account(),
                    bank_fee,
                    reason,
                }
            }
            (Completed | Deposited, PaymentCommand::Dispute { reason }) => {
                input::line("reason", &reason)?;
                PaymentEvent::Disputed { reason }
            }
            (Disputed, PaymentCommand::Win) => PaymentEvent::DisputeWon,
            (Disputed, PaymentCommand::Lose { bank_fee }) => {
                known.must_not_lie_ahead(context)?;
                input::amount_or_zero("bank_fee", bank_fee, context.currency())?;
                PaymentEvent::DisputeLost {
                    lease: known.intent.lease,
                    amount: known.left()?,
                    bank_account: known.bank_account(),
                    bank_fee,
                }
            }
            (Deposited, PaymentCommand::Refund { amount, reason }) => known.refund(amount, reason, context)?,
            (status, _) => return Err(PaymentRefusal::Forbidden { status, asked }.into()),
        };
        Ok(vec![event])
    }

    fn initiate(&self, intent: Intent, context: &Context) -> Result<Vec<PaymentEvent>, Refusal> {
        if self.status().is_some() {
            return Err(PaymentRefusal::Exists.into());
        }
        let amount = intent.amount;
        input::amount("amount", amount, context.currency())?;
        input::count("designations", intent.designations.len())?;
        let mut designated = Money::zero(amount.currency);
        for part in &intent.designations {
            input::amount("designations", part.amount(), context.currency())?;
            designated = designated.plus(part.amount())?;
        }
        if designated.minor > amount.minor {
            return Err(PaymentRefusal::DesignatesTooMuch { designated, amount }.into());
        }
        let reference = intent.reference.as_deref().map(mark).transpose()?;
        Ok(vec![PaymentEvent::Initiated {
            lease: intent.lease,
            payer: intent.payer,
            amount,
            method: intent.method,
            reference,
            designations: intent.designations,
        }])
    }
}

impl state::Known {
    fn complete(&self, reference: Option<&str>, context: &Context) -> Result<PaymentEvent, Refusal> {
        let (on, today) = (context.effective_on, context.today());
        input::date("received_on", on)?;
        if on > today {
            return Err(PaymentRefusal::DatedAhead { on, today }.into());
        }
        let reference = reference.map(mark).transpose()?;
        if let (Some(_), Some(reference)) = (&reference, self.intent.reference.clone()) {
            return Err(PaymentRefusal::ReferenceKnown { reference }.into());
        }
        Ok(PaymentEvent::Completed {
            lease: self.intent.lease,
            amount: self.intent.amount,
            received_on: on,
            reference,
        })
    }

    fn void(&self, reason: String, context: &Context) -> Result<PaymentEvent, Refusal> {
        input::line("reason", &reason)?;
        self.must_not_lie_ahead(context)?;
        Ok(PaymentEvent::Voided {
            lease: self.intent.lease,
            amount: self.intent.amount,
            completed: self.status == PaymentStatus::Completed,
            reason,
        })
    }

    fn deposit(
        &self,
        amount: Money,
        fee: Money,
        bank_account: BankAccountId,
        context: &Context,
    ) -> Result<PaymentEvent, Refusal> {
        self.must_not_lie_ahead(context)?;
        input::amount_or_zero("fee", fee, context.currency())?;
        if fee.minor > self.intent.amount.minor {
            let amount = self.intent.amount;
            return Err(PaymentRefusal::FeeTooLarge { fee, amount }.into());
        }
        Ok(PaymentEvent::Deposited {
            lease: self.intent.lease,
            amount,
            fee,
            bank_account,
            on: context.effective_on,
        })
    }

    fn refund(&self, amount: Money, reason: String, context: &Context) -> Result<PaymentEvent, Refusal> {
        input::line("reason", &reason)?;
        input::amount("amount", amount, context.currency())?;
        let left = self.left()?;
        if amount.minor > left.minor {
            return Err(PaymentRefusal::RefundTooLarge { asked: amount, left }.into());
        }
        let (bank_account, _) = self.banked.ok_or(PaymentRefusal::Forbidden {
            status: self.status,
            asked: "refunded",
        })?;
        self.must_not_lie_ahead(context)?;
        let until = self.held_until(context);
        if context.effective_on < until {
            return Err(PaymentRefusal::OnHold { until }.into());
        }
        Ok(PaymentEvent::Refunded {
            lease: self.intent.lease,
            amount,
            bank_account,
            whole: amount == left,
            reason,
        })
    }

    /// The first day on which it can be refunded: so many days after the receipt as its method is held.
    fn held_until(&self, context: &Context) -> NaiveDate {
        let held = context.settings.hold_days;
        let days = match self.intent.method {
            Method::Cash => held.cash,
            Method::Cheque => held.cheque,
            Method::Ach => held.ach,
            Method::Card => held.card,
        };
        self.received_on
            .map_or(NaiveDate::MAX, |received| days_after(received, u32::from(days)))
    }

    /// Refuses a day before the money came where it is.
    fn must_not_lie_ahead(&self, context: &Context) -> Result<(), PaymentRefusal> {
        let on = context.effective_on;
        match self.since() {
            Some(since) if on < since => Err(PaymentRefusal::DatedTooEarly { on, since }),
            _ => Ok(()),
        }
    }
}

impl PaymentCommand {
    /// What the payment would be: `refunded`.
    fn participle(&self) -> &'static str {
        match self {
            Self::Initiate(_) => "initiated",
            Self::Process => "processed",
            Self::Complete { .. } => "completed",
            Self::Deposit { .. } => "deposited",
            Self::Fail { .. } => "failed",
            Self::Void { .. } => "voided",
            Self::Return { .. } => "returned",
            Self::Dispute { .. } => "disputed",
            Self::Win => "won",
            Self::Lose { .. } => "lost",
            Self::Refund { .. } => "refunded",
        }
    }
}

/// A mark on a payment, as it is kept: without the blanks around it.
fn mark(reference: &str) -> Result<String, Refusal> {
    input::line("reference", reference)?;
    Ok(reference.trim().to_owned())
}

aggregate!(Payment of PaymentId, PaymentCommand gives PaymentEvent, at rest once is_over);

#[cfg(test)]
mod tests;
