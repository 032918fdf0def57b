//! What a payment's credit did, as far as it can be taken back.

use serde::{Deserialize, Serialize};

use super::{Account, Item, Line, View};
use crate::{
    ids::{ChargeId, CreditId, DepositId},
    lease::ChargeKind,
    money::{Money, MoneyError},
};

/// Something that was done with a credit and can be taken back. It is enough to write the entry and its inverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// The credit: the payment's id, or one of its own for an opening balance.
    pub credit: CreditId,
    /// What was done.
    pub act: Act,
    /// With how much of it, tax included.
    pub amount: Money,
}

/// What was done with a credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Act {
    /// It came in with a payment.
    Received,
    /// It paid a charge.
    Paid {
        /// Which.
        charge: ChargeId,
        /// Of which kind; names the income account of the cash view.
        kind: ChargeKind,
        /// The tax in the amount.
        tax: Money,
    },
    /// It paid a deposit.
    Secured {
        /// Which.
        deposit: DepositId,
        /// True if the payment's money was in the bank, so that the transfer came out of there.
        banked: bool,
    },
}

impl Deed {
    /// The lines of the entry that records it.
    pub(super) fn lines(&self) -> Result<Vec<Line>, MoneyError> {
        let Self { credit, act, amount } = *self;
        let out_of_credit = Line::debit(Account::Prepaid, amount).of(Item::Credit(credit));
        Ok(match act {
            Act::Received => vec![
                Line::debit(Account::UndepositedFunds, amount),
                Line::credit(Account::Prepaid, amount).of(Item::Credit(credit)),
            ],
            Act::Paid { charge, kind, tax } => vec![
                out_of_credit,
                Line::credit(Account::Receivables, amount)
                    .of(Item::Charge(charge))
                    .only(View::Accrual),
                Line::credit(collected_as(kind), amount.minus(tax)?).only(View::Cash),
                Line::credit(Account::TaxesPayable, tax).only(View::Cash),
            ],
            Act::Secured { deposit, banked } => vec![
                out_of_credit,
                Line::credit(Account::DepositsHeld, amount).of(Item::Deposit(deposit)),
                Line::debit(Account::DepositCash, amount),
                Line::credit(cash(banked), amount),
            ],
        })
    }

    /// True if both did the same with the same credit, whatever the amounts.
    pub(super) fn is_of_the_kind_of(&self, other: &Self) -> bool {
        self.credit == other.credit
            && match (self.act, other.act) {
                (Act::Received, Act::Received) => true,
                (Act::Paid { charge: one, .. }, Act::Paid { charge: other, .. }) => one == other,
                (Act::Secured { deposit: one, .. }, Act::Secured { deposit: other, .. }) => one == other,
                (Act::Received | Act::Paid { .. } | Act::Secured { .. }, _) => false,
            }
    }

    /// The same with the amounts of another added.
    pub(super) fn plus(mut self, other: &Self) -> Result<Self, MoneyError> {
        self.amount = self.amount.plus(other.amount)?;
        if let (Act::Paid { tax, .. }, Act::Paid { tax: more, .. }) = (&mut self.act, other.act) {
            *tax = tax.plus(more)?;
        }
        Ok(self)
    }

    /// The same with its amounts below zero.
    pub(super) fn negative(mut self) -> Result<Self, MoneyError> {
        self.amount = self.amount.times(-1)?;
        if let Act::Paid { tax, .. } = &mut self.act {
            *tax = tax.times(-1)?;
        }
        Ok(self)
    }

    /// The tax in its amount.
    pub(super) fn tax(&self) -> Money {
        match self.act {
            Act::Paid { tax, .. } => tax,
            Act::Received | Act::Secured { .. } => Money::zero(self.amount.currency),
        }
    }

    /// Where the money of a deposit comes from or goes back to.
    pub(super) const fn cash(&self) -> Option<Account> {
        match self.act {
            Act::Secured { banked, .. } => Some(cash(banked)),
            Act::Received | Act::Paid { .. } => None,
        }
    }
}

/// Where money of a payment is.
pub(super) const fn cash(banked: bool) -> Account {
    if banked {
        Account::OperatingCash
    } else {
        Account::UndepositedFunds
    }
}

/// The account of the cash view that a charge of this kind is earned on, when it is paid.
const fn collected_as(kind: ChargeKind) -> Account {
    match kind {
        ChargeKind::Opening => Account::Rent,
        ChargeKind::Rent
        | ChargeKind::Parking
        | ChargeKind::Pet
        | ChargeKind::Storage
        | ChargeKind::Utilities
        | ChargeKind::Damage
        | ChargeKind::NsfFee
        | ChargeKind::LateFee
        | ChargeKind::Other => charged_as(kind),
    }
}

/// The account of the accrual view that a charge of this kind is earned on, when it is posted.
pub(super) const fn charged_as(kind: ChargeKind) -> Account {
    match kind {
        ChargeKind::Rent => Account::Rent,
        ChargeKind::Parking | ChargeKind::Pet | ChargeKind::Storage | ChargeKind::Utilities | ChargeKind::Other => {
            Account::OtherCharges
        }
        ChargeKind::Damage => Account::DamageRecovery,
        ChargeKind::NsfFee => Account::NsfFees,
        ChargeKind::LateFee => Account::LateFees,
        ChargeKind::Opening => Account::OpeningBalances,
    }
}
