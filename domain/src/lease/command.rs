use chrono::NaiveDate;
use serde::Serialize;

use super::{ChargeKind, Terms};
use crate::{
    ids::{ChargeId, DepositId, PropertyId, RecurringId, UnitId},
    money::Money,
    span::Span,
};

/// What can be asked of a lease. What it means for the unit and the residents is for [`decisions`](crate::decisions).
#[derive(Debug, Clone, Serialize)]
pub enum LeaseCommand {
    /// Draft it.
    Draft {
        /// The property of the unit.
        property: PropertyId,
        /// The unit.
        unit: UnitId,
        /// What is to be agreed.
        terms: Terms,
    },
    /// Change the draft.
    Amend {
        /// All of it, as it is from now on.
        terms: Terms,
    },
    /// Charge something for every period beside the rent.
    AddRecurring(NewRecurring),
    /// Charge it no longer; what is charged beyond that day is waived.
    EndRecurring {
        /// Which.
        recurring: RecurringId,
        /// The first day it is not charged for.
        on: NaiveDate,
    },
    /// Record that all parties signed.
    Sign {
        /// The day of the last signature.
        on: NaiveDate,
    },
    /// Bring it into force, and post what has fallen due by now.
    Activate {
        /// The day of moving in.
        on: NaiveDate,
    },
    /// Charge another rent from a day on.
    ChangeRent {
        /// The rent of a whole month.
        rent: Money,
        /// The tax on it, on top.
        rent_tax: Option<Money>,
        /// The first day it is charged for.
        from: NaiveDate,
    },
    /// Agree on another term.
    Renew(Renewal),
    /// Let it go on from month to month, its term being over.
    RollOver,
    /// Record that it was announced to end.
    GiveNotice {
        /// The day of the announcement.
        given_on: NaiveDate,
        /// The day after the last.
        ends: NaiveDate,
    },
    /// Announce that its term ends soon.
    AnnounceExpiry,
    /// End it: the residents moved out. What is charged beyond that day is waived.
    End {
        /// The day after the last.
        on: NaiveDate,
    },
    /// Close it: nothing is owed either way. The deposits are for [`settle_lease`](crate::decisions::settle_lease).
    Settle,
    /// Give it up before it came into force.
    Void {
        /// Why.
        reason: String,
    },
    /// Take it over from earlier books, in force as of the day that the command is effective on.
    TakeOver(TakeOver),
    /// Let a deposit secure it.
    AddDeposit {
        /// Which.
        deposit: DepositId,
    },
    /// Post the rent and the recurring charges that have fallen due.
    PostDue {
        /// Up to and with this day.
        through: NaiveDate,
    },
    /// Post a charge by hand.
    Charge(ManualCharge),
    /// Assess the fees for being late when a day is over.
    AssessLateFees {
        /// Which day.
        day: NaiveDate,
    },
    /// Waive a charge.
    Waive {
        /// Which.
        charge: ChargeId,
        /// How much of it; all that is left without.
        amount: Option<Money>,
        /// Why.
        reason: String,
    },
    /// Write a charge off.
    WriteOff {
        /// Which.
        charge: ChargeId,
        /// How much of it; all that is unpaid without.
        amount: Option<Money>,
        /// Why.
        reason: String,
    },
    /// Grant a reduction on a charge.
    Concede {
        /// On which.
        charge: ChargeId,
        /// How much.
        amount: Money,
        /// Why.
        reason: String,
    },
}

/// Something to be charged for every period beside the rent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewRecurring {
    /// What for.
    pub kind: ChargeKind,
    /// In the words of the lease.
    pub description: String,
    /// For a whole month, tax included.
    pub amount: Money,
    /// The tax in it.
    pub tax: Option<Money>,
    /// The first day it is charged for.
    pub from: NaiveDate,
}

/// Another term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Renewal {
    /// Its first day.
    pub from: NaiveDate,
    /// The day after its last; from month to month without.
    pub to: Option<NaiveDate>,
    /// The rent of a whole month.
    pub rent: Money,
    /// The tax on it, on top.
    pub rent_tax: Option<Money>,
}

/// A charge posted by hand. A rent with a period covers these days: they are not charged again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ManualCharge {
    /// What for.
    pub kind: ChargeKind,
    /// In words a resident understands.
    pub description: String,
    /// How much, tax included.
    pub amount: Money,
    /// The tax in it.
    pub tax: Option<Money>,
    /// When it is due.
    pub due_on: NaiveDate,
    /// The days it is for.
    pub period: Option<Span>,
}

/// A lease in force, as earlier books had it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TakeOver {
    /// The property of the unit.
    pub property: PropertyId,
    /// The unit.
    pub unit: UnitId,
    /// What was agreed. A term that is past goes on from month to month.
    pub terms: Terms,
    /// The day of moving in.
    pub moved_in: NaiveDate,
    /// The day after the last, if notice was given.
    pub notice: Option<NaiveDate>,
    /// What is owed; below zero what is in the residents' favour.
    pub balance: Money,
    /// When what is owed was due, if not on the day it is taken over.
    pub due_on: Option<NaiveDate>,
}
