use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ChargeId, ConcessionId, CreditId, DepositId, PropertyId, RecurringId, ResidentId, UnitId},
    money::Money,
    span::Span,
};

/// What was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Terms {
    /// Who rents, jointly liable; at least one, none twice.
    pub residents: Vec<ResidentId>,
    /// The days of the lease. Without an end it runs from month to month.
    pub term: Span,
    /// The rent of a whole month.
    pub rent: Money,
    /// The tax on a whole month's rent, on top of it, if any.
    #[serde(default)]
    pub rent_tax: Option<Money>,
    /// The day of the month on which rent is due, 1 to 31; in a shorter month its last day.
    pub due_day: u8,
}

/// What is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChargeKind {
    /// Rent.
    Rent,
    /// Parking.
    Parking,
    /// Keeping a pet.
    Pet,
    /// Storage.
    Storage,
    /// Water, power, heat.
    Utilities,
    /// Damage that the resident answers for.
    Damage,
    /// A fee for a payment that came back.
    NsfFee,
    /// A fee for paying late.
    LateFee,
    /// What was owed when the books were taken over.
    Opening,
    /// Anything else.
    Other,
}

/// Where a credit came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CreditSource {
    /// A payment, whose id the credit has.
    Payment,
    /// The books that were taken over.
    Opening,
}

/// What a credit pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum CreditTarget {
    /// A charge of this lease.
    Charge {
        /// Which.
        charge: ChargeId,
        /// Of which kind; names the income account.
        kind: ChargeKind,
    },
    /// A deposit of this lease. The deposit's own event is what the books post.
    Deposit {
        /// Which.
        deposit: DepositId,
    },
}

/// Why a credit left the lease unused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Withdrawal {
    /// It was paid back.
    Refunded,
    /// The bank took the payment back.
    Returned,
    /// The payer's bank decided against us.
    DisputeLost,
    /// The payment was a keyed-in mistake.
    Voided,
}

/// Which part of the late-fee policy a fee is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LateFeePart {
    /// The same amount each time.
    Flat,
    /// A part of what is unpaid.
    PercentOfOutstanding,
    /// A part of the rent.
    PercentOfRent,
    /// For one day.
    Daily,
}

/// A charge taken over from earlier books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpeningCharge {
    /// Its id here; its kind is `opening`.
    pub charge: ChargeId,
    /// How much.
    pub amount: Money,
    /// When it was due.
    pub due_on: NaiveDate,
}

/// A credit taken over from earlier books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpeningCredit {
    /// Its id here.
    pub credit: CreditId,
    /// How much.
    pub amount: Money,
}

events! {
    /// Facts about a lease and its account. An `amount` always includes the `tax` beside it.
    pub enum LeaseEvent of "lease" {
        /// It was drafted.
        "lease.created" v 1 => Created {
            /// The property of the unit.
            property: PropertyId,
            /// The unit.
            unit: UnitId,
            /// What is to be agreed.
            terms: Terms,
        },
        /// The draft changed.
        "lease.amended" v 1 => Amended {
            /// All of it, as it is from now on.
            terms: Terms,
        },
        /// Something is charged every month beside the rent.
        "lease.recurring_charge_added" v 1 => RecurringChargeAdded {
            /// Its id.
            recurring: RecurringId,
            /// What for.
            kind: ChargeKind,
            /// In the words of the lease.
            description: String,
            /// For a whole month, tax included.
            amount: Money,
            /// The tax in it.
            tax: Option<Money>,
            /// The first day it is charged for.
            from: NaiveDate,
        },
        /// It is no longer charged.
        "lease.recurring_charge_ended" v 1 => RecurringChargeEnded {
            /// Its id.
            recurring: RecurringId,
            /// The first day it is not charged for.
            on: NaiveDate,
        },
        /// All parties signed; the unit is taken for the term.
        "lease.signed" v 1 => Signed {
            /// The day of the last signature.
            on: NaiveDate,
        },
        /// It is in force: the residents moved in.
        "lease.activated" v 1 => Activated {
            /// The day of moving in.
            on: NaiveDate,
            /// The first day that is charged for, by the policy of that day.
            charged_from: NaiveDate,
        },
        /// Another rent is charged from a day on.
        "lease.rent_changed" v 1 => RentChanged {
            /// The rent of a whole month.
            rent: Money,
            /// The tax on it, on top.
            rent_tax: Option<Money>,
            /// The first day it is charged for.
            from: NaiveDate,
        },
        /// It goes on for another term.
        "lease.renewed" v 1 => Renewed {
            /// The first day of the new term.
            from: NaiveDate,
            /// The day after the last of the new term; without an end, rolling over follows at once.
            to: Option<NaiveDate>,
            /// The rent of a whole month from `from` on.
            rent: Money,
            /// The tax on it, on top.
            rent_tax: Option<Money>,
        },
        /// It goes on from month to month: its term is over, or it was agreed without an end.
        "lease.rolled_over" v 1 => RolledOver {
            /// The first day that no term covers.
            from: NaiveDate,
        },
        /// It was announced that it ends.
        "lease.notice_given" v 1 => NoticeGiven {
            /// The day of the announcement.
            given_on: NaiveDate,
            /// The day after the last.
            ends: NaiveDate,
        },
        /// Its term ends soon.
        "lease.expiring" v 1 => Expiring {
            /// The day after the last.
            ends: NaiveDate,
        },
        /// It is over: the residents moved out.
        "lease.ended" v 1 => Ended {
            /// The day after the last.
            on: NaiveDate,
        },
        /// Nothing is owed either way and the deposits are disposed of.
        "lease.settled" v 1 => Settled,
        /// It never came into force.
        "lease.voided" v 1 => Voided {
            /// Why.
            reason: String,
        },
        /// A deposit secures it: recorded with the deposit's own first event, so that settling knows them all.
        "lease.deposit_added" v 1 => DepositAdded {
            /// Which.
            deposit: DepositId,
        },
        /// Something is owed.
        "lease.charge_posted" v 1 => ChargePosted {
            /// Its id.
            charge: ChargeId,
            /// What for.
            kind: ChargeKind,
            /// In words a resident understands.
            description: String,
            /// How much, tax included.
            amount: Money,
            /// The tax in it.
            tax: Option<Money>,
            /// When it is due; it counts in the books from this day.
            due_on: NaiveDate,
            /// The days it is for.
            period: Option<Span>,
            /// The recurring charge it comes from.
            recurring: Option<RecurringId>,
        },
        /// A charge is not owed after all, wholly or in part.
        "lease.charge_waived" v 1 => ChargeWaived {
            /// Which.
            charge: ChargeId,
            /// Its kind.
            kind: ChargeKind,
            /// How much, tax included.
            amount: Money,
            /// The tax in it.
            tax: Option<Money>,
            /// Why.
            reason: String,
            /// The day from which it counts.
            on: NaiveDate,
        },
        /// A charge will not be collected.
        "lease.charge_written_off" v 1 => ChargeWrittenOff {
            /// Which.
            charge: ChargeId,
            /// Its kind.
            kind: ChargeKind,
            /// How much, tax included.
            amount: Money,
            /// The tax in it: the share that is no longer collected.
            #[serde(default)]
            tax: Option<Money>,
            /// Why.
            reason: String,
            /// The day from which it counts.
            on: NaiveDate,
        },
        /// A fee for paying late.
        "lease.late_fee_assessed" v 1 => LateFeeAssessed {
            /// Its id as a charge; its kind is `late_fee`.
            charge: ChargeId,
            /// The due date of the rental period that is late.
            period: NaiveDate,
            /// Which part of the policy.
            part: LateFeePart,
            /// The day it is for; also its due date.
            day: NaiveDate,
            /// How much.
            amount: Money,
        },
        /// A reduction was granted on a charge.
        "lease.concession_granted" v 1 => ConcessionGranted {
            /// Its id.
            concession: ConcessionId,
            /// The charge it reduces.
            charge: ChargeId,
            /// Its kind.
            kind: ChargeKind,
            /// How much, tax included.
            amount: Money,
            /// The tax in it: the share that is no longer collected.
            #[serde(default)]
            tax: Option<Money>,
            /// Why.
            reason: String,
            /// The day from which it counts.
            on: NaiveDate,
        },
        /// The lease has money in its favour.
        "lease.credited" v 1 => Credited {
            /// Its id: the payment's.
            credit: CreditId,
            /// Where it came from.
            source: CreditSource,
            /// How much.
            amount: Money,
            /// The day of the receipt.
            received_on: NaiveDate,
        },
        /// A credit paid something.
        "lease.credit_applied" v 1 => CreditApplied {
            /// Which.
            credit: CreditId,
            /// What it paid.
            target: CreditTarget,
            /// How much, tax included.
            amount: Money,
            /// The tax in it.
            tax: Option<Money>,
            /// The day from which it counts: not before the receipt, nor before what it paid was due.
            on: NaiveDate,
        },
        /// It did not after all.
        "lease.credit_unapplied" v 1 => CreditUnapplied {
            /// Which.
            credit: CreditId,
            /// What it had paid.
            target: CreditTarget,
            /// How much, tax included.
            amount: Money,
            /// The tax in it.
            tax: Option<Money>,
            /// The day from which it counts.
            on: NaiveDate,
        },
        /// A credit left the lease. What is taken beyond what is free makes it negative: a shortage.
        "lease.credit_withdrawn" v 1 => CreditWithdrawn {
            /// Which.
            credit: CreditId,
            /// How much.
            amount: Money,
            /// Why.
            why: Withdrawal,
            /// The day from which it counts.
            on: NaiveDate,
        },
        /// Balances were taken over from earlier books.
        "lease.opened" v 1 => Opened {
            /// The day they are as of.
            as_of: NaiveDate,
            /// What is owed.
            charge: Option<OpeningCharge>,
            /// What is in the residents' favour.
            credit: Option<OpeningCredit>,
        },
    }
}
