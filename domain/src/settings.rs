//! What an organization has decided once for all its leases, payments and repairs.

use chrono_tz::Tz;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money};

/// The policies that decisions read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The one currency of its books.
    pub currency: Currency,
    /// Where its civil dates are counted, by its IANA name.
    #[schemars(with = "String", example = "America/New_York")]
    pub time_zone: Tz,
    /// The month in which its fiscal year begins, 1 to 12.
    pub fiscal_year_starts: u8,
    /// How a part of a rent period is charged.
    pub proration: Proration,
    /// When and how much is charged for paying late.
    pub late_fees: LateFees,
    /// In which order a receipt pays what is owed.
    pub allocation: Vec<AllocationClass>,
    /// Charged to a resident whose payment came back; zero for none.
    pub nsf_fee: Money,
    /// How long a receipt is held before it can be refunded.
    pub hold_days: HoldDays,
    /// How soon repairs are to be answered and finished.
    pub service_levels: ServiceLevels,
    /// How many days before its end a lease is announced as expiring.
    pub expiring_days: u16,
}

impl Settings {
    /// What most property managers begin with, for a currency and a time zone.
    #[must_use]
    pub fn usual(currency: Currency, time_zone: Tz) -> Self {
        use AllocationClass::{Damage, LateFee, NsfFee, Opening, OtherCharge, Recurring, Rent};
        let level = |response_minutes, resolution_minutes| ServiceLevel {
            response_minutes,
            resolution_minutes,
        };
        Self {
            currency,
            time_zone,
            fiscal_year_starts: 1,
            proration: Proration {
                method: ProrationMethod::ActualDays,
                move_in_day_counts: true,
            },
            late_fees: LateFees {
                grace_days: 4,
                assessed: AssessmentDay::DayAfterGrace,
                rules: vec![LateFeeRule::Flat {
                    amount: Money::new(5_000, currency),
                }],
                cap: None,
                minimum_balance: Money::new(1, currency),
            },
            allocation: vec![Rent, Recurring, Opening, OtherCharge, Damage, NsfFee, LateFee],
            nsf_fee: Money::new(3_500, currency),
            hold_days: HoldDays {
                cash: 0,
                cheque: 7,
                ach: 5,
                card: 2,
            },
            service_levels: ServiceLevels {
                urgent: level(60, 24 * 60),
                high: level(4 * 60, 72 * 60),
                medium: level(24 * 60, 7 * 24 * 60),
                low: level(48 * 60, 14 * 24 * 60),
                business_hours: None,
                waiting_pauses_response: false,
                waiting_pauses_resolution: true,
            },
            expiring_days: 60,
        }
    }
}

/// How a part of a rent period is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proration {
    /// What a day costs.
    pub method: ProrationMethod,
    /// Whether the day of moving in is charged.
    pub move_in_day_counts: bool,
}

/// What a day of rent costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProrationMethod {
    /// The rent over the days of that month.
    ActualDays,
    /// The rent over 30, whatever the month.
    ThirtyDays,
    /// Twelve rents over 365.
    DaysOfYear,
}

/// When and how much is charged for paying late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LateFees {
    /// Days after the due date on which paying is still in time.
    pub grace_days: u16,
    /// Which day the fee is assessed on; products differ.
    pub assessed: AssessmentDay,
    /// What is charged: none, one rule, or two together.
    pub rules: Vec<LateFeeRule>,
    /// The most that all parts come to, per lease and rental period.
    pub cap: Option<Money>,
    /// Below this, what is unpaid costs no fee.
    pub minimum_balance: Money,
}

/// Which day a late fee is assessed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssessmentDay {
    /// Due date + grace days + 1: due the 1st with 3 days of grace, assessed on the 5th.
    DayAfterGrace,
    /// Due date + grace days: the last day of grace is already late when it is over.
    LastDayOfGrace,
}

/// One part of a late fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum LateFeeRule {
    /// The same amount each time.
    Flat {
        /// How much.
        amount: Money,
    },
    /// A part of what is unpaid.
    PercentOfOutstanding {
        /// Percent: 5 means 5 %.
        #[schemars(with = "String", example = "5")]
        percent: Decimal,
    },
    /// A part of the rent, whatever is unpaid.
    PercentOfRent {
        /// Percent: 5 means 5 %.
        #[schemars(with = "String", example = "5")]
        percent: Decimal,
    },
    /// An amount for each day that stays unpaid.
    Daily {
        /// How much a day.
        amount: Money,
        /// Which day is the first that costs.
        begins: DailyBegin,
    },
}

/// The first day that a daily late fee counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DailyBegin {
    /// The day on which the fee is assessed.
    AssessmentDay,
    /// The day after.
    DayAfter,
}

/// What a receipt pays first. Deposits are paid only by designation, so they have no place here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllocationClass {
    /// Rent.
    Rent,
    /// What recurs beside the rent.
    Recurring,
    /// What was owed when the books were taken over.
    Opening,
    /// Utilities and other.
    OtherCharge,
    /// Damage.
    Damage,
    /// Fees for payments that came back.
    NsfFee,
    /// Late fees.
    LateFee,
}

/// How long a receipt is held before it can be refunded, in days by method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldDays {
    /// Cash and money orders.
    pub cash: u16,
    /// Cheques.
    pub cheque: u16,
    /// Bank debits.
    pub ach: u16,
    /// Cards.
    pub card: u16,
}

/// How soon repairs are to be answered and finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceLevels {
    /// Danger to life or property.
    pub urgent: ServiceLevel,
    /// Something essential is broken.
    pub high: ServiceLevel,
    /// Something is broken.
    pub medium: ServiceLevel,
    /// A wish.
    pub low: ServiceLevel,
    /// The hours in which the clocks run; round the clock without.
    pub business_hours: Option<BusinessHours>,
    /// Whether waiting stops the clock to the first assignment.
    pub waiting_pauses_response: bool,
    /// Whether waiting stops the clock to the end of the work.
    pub waiting_pauses_resolution: bool,
}

/// The two clocks of a priority, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceLevel {
    /// From the report to the first assignment.
    pub response_minutes: u32,
    /// From the report to the end of the work.
    pub resolution_minutes: u32,
}

/// Opening hours, Monday to Friday, in the organization's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BusinessHours {
    /// Minutes after midnight at which the clocks start.
    pub opens: u16,
    /// Minutes after midnight at which they stop.
    pub closes: u16,
}
