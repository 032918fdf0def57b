use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Designation, Method, PaymentEvent, PaymentRefusal};
use crate::{
    Refusal,
    ids::{BankAccountId, ClaimId, DepositId, LeaseId, OrganizationId, ResidentId},
    money::{Money, MoneyError},
};

/// What someone means to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// For which lease.
    pub lease: LeaseId,
    /// Who pays, if a resident.
    pub payer: Option<ResidentId>,
    /// How much.
    pub amount: Money,
    /// How.
    pub method: Method,
    /// The payer's or the bank's mark on it, if known.
    pub reference: Option<String>,
    /// What it is to pay before anything else, in this order.
    pub designations: Vec<Designation>,
}

/// How far a payment has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Someone means to pay.
    Initiated,
    /// A bank or card network is at work on it.
    Processing,
    /// The money is ours, not yet in the bank.
    Completed,
    /// It is in the bank.
    Deposited,
    /// It did not come.
    Failed,
    /// It was a mistake.
    Voided,
    /// It was taken back.
    Returned,
    /// The payer's bank asks for it back.
    Disputed,
    /// All of it was paid back.
    Refunded,
}

/// What a decision about a payment reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    known: Option<Known>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) status: PaymentStatus,
    pub(super) intent: Intent,
    pub(super) received_on: Option<NaiveDate>,
    pub(super) banked: Option<(BankAccountId, NaiveDate)>,
    refunded: Money,
}

impl Payment {
    /// How far it has come; `None` before it was initiated.
    #[must_use]
    pub fn status(&self) -> Option<PaymentStatus> {
        self.known.as_ref().map(|known| known.status)
    }

    /// True once the money is in the bank for all that is known, has gone back, or will not come.
    pub(super) fn is_over(&self) -> bool {
        use PaymentStatus::{Deposited, Failed, Refunded, Returned, Voided};

        matches!(self.status(), Some(Deposited | Failed | Refunded | Returned | Voided))
    }

    /// What was meant to be paid, with the mark that became known later.
    ///
    /// # Errors
    /// Refuses a payment that was never initiated.
    pub fn intent(&self) -> Result<&Intent, PaymentRefusal> {
        self.known().map(|known| &known.intent)
    }

    /// The account it is in, once it is in the bank.
    #[must_use]
    pub fn bank_account(&self) -> Option<BankAccountId> {
        self.known.as_ref().and_then(Known::bank_account)
    }

    /// True once the money is ours, also if it was taken back later.
    #[must_use]
    pub fn was_received(&self) -> bool {
        self.known.as_ref().is_some_and(|known| known.received_on.is_some())
    }

    /// How much of it was not refunded.
    ///
    /// # Errors
    /// Refuses a payment that was never initiated.
    pub fn left(&self) -> Result<Money, Refusal> {
        Ok(self.known()?.left()?)
    }

    pub(super) fn known(&self) -> Result<&Known, PaymentRefusal> {
        self.known.as_ref().ok_or(PaymentRefusal::Absent)
    }

    pub(super) fn evolve(&mut self, event: PaymentEvent) {
        match (event, &mut self.known) {
            (
                PaymentEvent::Initiated {
                    lease,
                    payer,
                    amount,
                    method,
                    reference,
                    designations,
                },
                known,
            ) => {
                *known = Some(Known {
                    status: PaymentStatus::Initiated,
                    intent: Intent {
                        lease,
                        payer,
                        amount,
                        method,
                        reference,
                        designations,
                    },
                    received_on: None,
                    banked: None,
                    refunded: Money::zero(amount.currency),
                });
            }
            (event, Some(known)) => known.evolve(event),
            (_, None) => {}
        }
    }
}

impl Known {
    fn evolve(&mut self, event: PaymentEvent) {
        self.status = match event {
            PaymentEvent::Initiated { .. } => PaymentStatus::Initiated,
            PaymentEvent::Processing => PaymentStatus::Processing,
            PaymentEvent::Completed {
                received_on, reference, ..
            } => {
                self.received_on = Some(received_on);
                self.intent.reference = self.intent.reference.take().or(reference);
                PaymentStatus::Completed
            }
            PaymentEvent::Deposited { bank_account, on, .. } => {
                self.banked = Some((bank_account, on));
                PaymentStatus::Deposited
            }
            PaymentEvent::Failed { .. } => PaymentStatus::Failed,
            PaymentEvent::Voided { .. } => PaymentStatus::Voided,
            PaymentEvent::Returned { .. } | PaymentEvent::DisputeLost { .. } => PaymentStatus::Returned,
            PaymentEvent::Disputed { .. } => PaymentStatus::Disputed,
            PaymentEvent::DisputeWon if self.banked.is_some() => PaymentStatus::Deposited,
            PaymentEvent::DisputeWon => PaymentStatus::Completed,
            PaymentEvent::Refunded { amount, whole, .. } => {
                self.refunded.minor = self.refunded.minor.saturating_add(amount.minor);
                if whole {
                    PaymentStatus::Refunded
                } else {
                    PaymentStatus::Deposited
                }
            }
        };
    }

    pub(super) fn bank_account(&self) -> Option<BankAccountId> {
        self.banked.map(|(bank_account, _)| bank_account)
    }

    /// What was not refunded.
    pub(super) fn left(&self) -> Result<Money, MoneyError> {
        self.intent.amount.minus(self.refunded)
    }

    /// The day on which the money came where it is: to the bank, or to us.
    pub(super) fn since(&self) -> Option<NaiveDate> {
        self.banked.map(|(_, on)| on).or(self.received_on)
    }
}

impl Intent {
    /// The scope of the claims on payers' marks.
    pub const CLAIM: &'static str = "payment_reference";

    /// The claim on the mark it bears: the same method, payer and reference never count twice. Whoever pays without being a
    /// resident is known by the lease. `None` without a mark, as cash may be.
    #[must_use]
    pub fn claim(&self, organization: OrganizationId) -> Option<ClaimId> {
        let reference = self.reference.as_deref()?.trim();
        let payer = self.payer.map_or(self.lease.0, |payer| payer.0).to_string();
        let key = [Self::CLAIM, self.method.name(), &payer, reference];
        Some(ClaimId::of(organization, &key))
    }
}

impl Designation {
    /// The deposit, if it is one.
    #[must_use]
    pub fn deposit(self) -> Option<DepositId> {
        match self {
            Self::Deposit { deposit, .. } => Some(deposit),
            Self::Charge { .. } => None,
        }
    }

    /// How much at most.
    #[must_use]
    pub fn amount(self) -> Money {
        match self {
            Self::Charge { amount, .. } | Self::Deposit { amount, .. } => amount,
        }
    }
}

impl Method {
    /// Its stored name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::Cheque => "cheque",
            Self::Ach => "ach",
            Self::Card => "card",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Initiated => "initiated",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Deposited => "deposited",
            Self::Failed => "failed",
            Self::Voided => "voided",
            Self::Returned => "returned",
            Self::Disputed => "disputed",
            Self::Refunded => "refunded",
        })
    }
}
