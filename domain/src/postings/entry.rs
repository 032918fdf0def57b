//! What the books are made of: entries and their lines.

use std::borrow::Cow;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Account, Deed};
use crate::{
    ids::{BankAccountId, ChargeId, CreditId, DepositId, LeaseId, PropertyId, UnitId},
    money::Money,
};

/// In which of the two views of the books a line counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// What is earned and owed.
    Accrual,
    /// What was received and paid.
    Cash,
    /// Both.
    Both,
}

impl View {
    /// True if the line counts in that basis.
    #[must_use]
    pub const fn is_in(self, basis: Basis) -> bool {
        matches!(
            (self, basis),
            (Self::Both, _) | (Self::Accrual, Basis::Accrual) | (Self::Cash, Basis::Cash)
        )
    }
}

/// The view of the books that a report reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// What is earned and owed.
    #[default]
    Accrual,
    /// What was received and paid.
    Cash,
}

/// On which side of an account a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Left.
    Debit,
    /// Right.
    Credit,
}

/// The open item that a line of a control account belongs to: the items of an account sum to its balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Item {
    /// Of [`Account::Receivables`].
    Charge(ChargeId),
    /// Of [`Account::Prepaid`].
    Credit(CreditId),
    /// Of [`Account::DepositsHeld`].
    Deposit(DepositId),
}

impl Item {
    /// The id, whatever it is of.
    #[must_use]
    pub const fn id(self) -> Uuid {
        match self {
            Self::Charge(id) => id.0,
            Self::Credit(id) => id.0,
            Self::Deposit(id) => id.0,
        }
    }
}

/// One amount on one side of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// On which account.
    pub account: Account,
    /// In which view.
    pub view: View,
    /// On which side.
    pub side: Side,
    /// How much, above zero.
    pub amount: Money,
    /// The open item it belongs to, on a control account.
    pub item: Option<Item>,
    /// The bank account whose money moved: on cash lines, the one that the event names or the organization's usual one.
    pub bank_account: Option<BankAccountId>,
}

impl Line {
    pub(super) const fn debit(account: Account, amount: Money) -> Self {
        Self::new(account, Side::Debit, amount)
    }

    pub(super) const fn credit(account: Account, amount: Money) -> Self {
        Self::new(account, Side::Credit, amount)
    }

    /// A debit, or a credit of what is below zero.
    pub(super) const fn change(account: Account, amount: Money) -> Self {
        if amount.minor < 0 {
            Self::credit(account, Money::new(amount.minor.saturating_neg(), amount.currency))
        } else {
            Self::debit(account, amount)
        }
    }

    const fn new(account: Account, side: Side, amount: Money) -> Self {
        Self {
            account,
            view: View::Both,
            side,
            amount,
            item: None,
            bank_account: None,
        }
    }

    pub(super) const fn only(mut self, view: View) -> Self {
        self.view = view;
        self
    }

    pub(super) const fn of(mut self, item: Item) -> Self {
        self.item = Some(item);
        self
    }

    pub(super) const fn at(mut self, bank_account: BankAccountId) -> Self {
        self.bank_account = Some(bank_account);
        self
    }

    /// The line that undoes this one.
    #[must_use]
    pub const fn inverse(mut self) -> Self {
        self.side = match self.side {
            Side::Debit => Side::Credit,
            Side::Credit => Side::Debit,
        };
        self
    }

    /// In minor units: debits above zero, credits below.
    #[must_use]
    pub const fn signed(&self) -> i64 {
        match self.side {
            Side::Debit => self.amount.minor,
            Side::Credit => -self.amount.minor,
        }
    }
}

/// What an entry is about, on every one of its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dimensions {
    /// Whose money it is: each view of an entry balances within the property.
    pub property: PropertyId,
    /// Which unit of it.
    pub unit: UnitId,
    /// Under which lease.
    pub lease: LeaseId,
}

/// What names an entry wherever the events are the same: the event that caused it, and which of that event's entries it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId {
    /// The event.
    pub event: Uuid,
    /// From 0.
    pub index: i16,
}

/// An entry of the journal. It is never edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Leads back to the event.
    pub id: EntryId,
    /// The day from which it counts.
    pub effective_on: NaiveDate,
    /// What it is, in words for people.
    pub memo: Cow<'static, str>,
    /// What it is about.
    pub dimensions: Dimensions,
    /// At least two; the debits of each view equal its credits.
    pub lines: Vec<Line>,
    /// The entry that this one takes back: it is that entry's exact inverse, and no other takes it back.
    pub reverses: Option<EntryId>,
    /// What a later event can take back of it, if anything.
    pub stands: Option<Deed>,
}
