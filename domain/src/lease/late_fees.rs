//! Fees for paying late.
//!
//! A rental period is named by the due date it begins with; what bears fees is its rent and recurring charges. Each part of
//! the policy is charged once per lease and period, the daily part once per day. All that counts is what was unpaid when a
//! day was over, by the dates from which payments count: the order in which days and receipts are recorded makes no
//! difference to what is owed in the end.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{Account, Charge, Contract, LateFee, LateFeePart, schedule::rental_period};
use crate::{
    ids::ChargeId,
    money::{Money, MoneyError},
    settings::{AllocationClass, AssessmentDay, DailyBegin, LateFeeRule, LateFees},
    span::days_after,
};

/// A fee to be assessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fee {
    /// The due date that the rental period begins with.
    pub period: NaiveDate,
    /// The part of the policy.
    pub part: LateFeePart,
    /// How much.
    pub amount: Money,
}

/// The fees to be assessed when a day is over: of each period that is late, the parts that have not been charged for it.
///
/// # Errors
/// Refuses amounts too large to reckon with.
pub fn assess(
    contract: &Contract,
    account: &Account,
    policy: &LateFees,
    day: NaiveDate,
) -> Result<Vec<Fee>, MoneyError> {
    let mut fees = Vec::new();
    for (period, late) in late_periods(contract, account, policy, day) {
        if late.unpaid < policy.minimum_balance.minor {
            continue;
        }
        let (mut parts, mut total) = charged_for(account, period, day);
        for rule in &policy.rules {
            let part = part_of(rule);
            if !late.costs(rule, day) || parts.contains(&part) {
                continue;
            }
            let asked = amount_of(rule, late.unpaid, contract.rent_on(period).amount)?;
            let room = policy.cap.map_or(asked.minor, |cap| cap.minor.saturating_sub(total));
            let amount = Money::new(asked.minor.min(room), asked.currency);
            if amount.is_positive() {
                parts.push(part);
                total = total.saturating_add(amount.minor);
                fees.push(Fee { period, part, amount });
            }
        }
    }
    Ok(fees)
}

/// What of the fees assessed so far is not owed after all, now that something that counts from an earlier day is recorded:
/// a receipt dated within the days of grace undoes all fees of its period, one dated later those of the days after it.
/// `before` is the account without it, `after` with it.
///
/// # Errors
/// Refuses amounts too large to reckon with.
pub fn undone(
    contract: &Contract,
    (before, after): (&Account, &Account),
    policy: &LateFees,
) -> Result<Vec<(ChargeId, Money)>, MoneyError> {
    let mut undone = Vec::new();
    for (charge, fee) in after.charges().filter_map(|charge| Some((charge, charge.late_fee?))) {
        let was = unpaid_of(contract, before, policy, fee);
        let now = unpaid_of(contract, after, policy, fee);
        if was <= now {
            continue;
        }
        let kept = if now <= 0 || now < policy.minimum_balance.minor {
            Money::zero(charge.amount.currency)
        } else if fee.part == LateFeePart::PercentOfOutstanding {
            charge.amount.fraction(now.into(), was.into())?
        } else {
            charge.amount
        };
        let left = after.left_of(charge)?;
        if kept.minor < left.minor {
            undone.push((charge.id, left.minus(kept)?));
        }
    }
    Ok(undone)
}

/// What is late of a rental period when a day is over.
struct Late {
    /// In minor units.
    unpaid: i64,
    /// The first day on which any of it was late.
    since: NaiveDate,
    /// Whether the day is the first on which some of it is late: what is charged once is charged then.
    assessed_now: bool,
}

impl Late {
    fn costs(&self, rule: &LateFeeRule, day: NaiveDate) -> bool {
        match rule {
            LateFeeRule::Daily {
                begins: DailyBegin::DayAfter,
                ..
            } => self.since < day,
            LateFeeRule::Daily { .. } => true,
            _ => self.assessed_now,
        }
    }
}

/// What is late when a day is over, by rental period. After a return it is late from the day of the return.
fn late_periods(
    contract: &Contract,
    account: &Account,
    policy: &LateFees,
    day: NaiveDate,
) -> BTreeMap<NaiveDate, Late> {
    let mut periods = BTreeMap::new();
    for charge in account.charges().filter(|charge| bears_fees(charge)) {
        let Some(unpaid_since) = charge.unpaid_since(day) else {
            continue;
        };
        let since = first_late_day(charge.due_on, policy).max(unpaid_since);
        if day < since {
            continue;
        }
        let late = periods.entry(period_of(charge, contract)).or_insert(Late {
            unpaid: 0,
            since,
            assessed_now: false,
        });
        late.unpaid = late.unpaid.saturating_add(charge.unpaid_at_end_of(day));
        late.since = late.since.min(since);
        late.assessed_now |= since == day;
    }
    periods
}

/// The parts that are charged for a period already (the daily one only if for this day), and what all its fees come to.
fn charged_for(account: &Account, period: NaiveDate, day: NaiveDate) -> (Vec<LateFeePart>, i64) {
    let (mut parts, mut total) = (Vec::new(), 0_i64);
    for charge in account.charges() {
        if let Some(fee) = charge.late_fee.filter(|fee| fee.period == period) {
            total = total.saturating_add(charge.amount.minor);
            if fee.part != LateFeePart::Daily || fee.day == day {
                parts.push(fee.part);
            }
        }
    }
    (parts, total)
}

/// What was unpaid and late of a fee's period when its day was over, in minor units.
fn unpaid_of(contract: &Contract, account: &Account, policy: &LateFees, fee: LateFee) -> i64 {
    account
        .charges()
        .filter(|charge| bears_fees(charge) && period_of(charge, contract) == fee.period)
        .filter(|charge| first_late_day(charge.due_on, policy) <= fee.day)
        .fold(0, |sum, charge| sum.saturating_add(charge.unpaid_at_end_of(fee.day)))
}

fn bears_fees(charge: &Charge) -> bool {
    matches!(charge.class(), AllocationClass::Rent | AllocationClass::Recurring)
}

fn period_of(charge: &Charge, contract: &Contract) -> NaiveDate {
    let first = charge.period.map_or(charge.due_on, |days| days.from);
    rental_period(first, contract.due_day).0
}

fn first_late_day(due_on: NaiveDate, policy: &LateFees) -> NaiveDate {
    let grace = u32::from(policy.grace_days);
    match policy.assessed {
        AssessmentDay::DayAfterGrace => days_after(due_on, grace + 1),
        AssessmentDay::LastDayOfGrace => days_after(due_on, grace),
    }
}

fn part_of(rule: &LateFeeRule) -> LateFeePart {
    match rule {
        LateFeeRule::Flat { .. } => LateFeePart::Flat,
        LateFeeRule::PercentOfOutstanding { .. } => LateFeePart::PercentOfOutstanding,
        LateFeeRule::PercentOfRent { .. } => LateFeePart::PercentOfRent,
        LateFeeRule::Daily { .. } => LateFeePart::Daily,
    }
}

fn amount_of(rule: &LateFeeRule, unpaid: i64, rent: Money) -> Result<Money, MoneyError> {
    match rule {
        LateFeeRule::Flat { amount } | LateFeeRule::Daily { amount, .. } => Ok(*amount),
        LateFeeRule::PercentOfOutstanding { percent } => percent_of(Money::new(unpaid, rent.currency), *percent),
        LateFeeRule::PercentOfRent { percent } => percent_of(rent, *percent),
    }
}

fn percent_of(amount: Money, percent: Decimal) -> Result<Money, MoneyError> {
    let percent = percent.normalize();
    amount.fraction(percent.mantissa(), 100 * 10_i128.pow(percent.scale()))
}
