//! What policies must keep so that they can be carried out.

use std::mem::discriminant;

use rust_decimal::Decimal;

use super::OrganizationRefusal;
use crate::{
    Refusal, input,
    money::Currency,
    settings::{AllocationClass, BusinessHours, LateFeeRule, LateFees, ServiceLevels, Settings},
};

/// A fee is one rule, or two together.
const LATE_FEE_RULES: usize = 2;

const MINUTES_OF_A_DAY: i64 = 24 * 60;
const MINUTES_OF_A_YEAR: i64 = 365 * MINUTES_OF_A_DAY;

/// # Errors
/// Names the policy and what is wrong with it.
pub(super) fn check(settings: &Settings) -> Result<(), Refusal> {
    let currency = settings.currency;
    input::number("fiscal_year_starts", settings.fiscal_year_starts, 1..=12)?;
    input::number("expiring_days", settings.expiring_days, 0..=730)?;
    input::amount_or_zero("nsf_fee", settings.nsf_fee, currency)?;
    for (field, days) in [
        ("hold_days.cash", settings.hold_days.cash),
        ("hold_days.cheque", settings.hold_days.cheque),
        ("hold_days.ach", settings.hold_days.ach),
        ("hold_days.card", settings.hold_days.card),
    ] {
        input::number(field, days, 0..=365)?;
    }
    allocation(&settings.allocation)?;
    late_fees(&settings.late_fees, currency)?;
    service_levels(&settings.service_levels)
}

fn wrong(policy: &'static str, expected: &'static str) -> Refusal {
    OrganizationRefusal::PolicyWrong { policy, expected }.into()
}

fn allocation(order: &[AllocationClass]) -> Result<(), Refusal> {
    use AllocationClass::{Damage, LateFee, NsfFee, Opening, OtherCharge, Recurring, Rent};
    let every = [Rent, Recurring, Opening, OtherCharge, Damage, NsfFee, LateFee];
    if order.len() == every.len() && every.iter().all(|class| order.contains(class)) {
        Ok(())
    } else {
        Err(wrong("allocation", "name each of its seven classes once"))
    }
}

fn late_fees(fees: &LateFees, currency: Currency) -> Result<(), Refusal> {
    input::number("late_fees.grace_days", fees.grace_days, 0..=90)?;
    input::amount_or_zero("late_fees.minimum_balance", fees.minimum_balance, currency)?;
    if let Some(cap) = fees.cap {
        input::amount("late_fees.cap", cap, currency)?;
    }
    if fees.rules.len() > LATE_FEE_RULES {
        return Err(wrong("late_fees.rules", "be none, one rule, or two together"));
    }
    if let [first, second] = &fees.rules[..]
        && discriminant(first) == discriminant(second)
    {
        return Err(wrong("late_fees.rules", "be of two kinds if they are two"));
    }
    for rule in &fees.rules {
        match rule {
            LateFeeRule::Flat { amount } | LateFeeRule::Daily { amount, .. } => {
                input::amount("late_fees.amount", *amount, currency)?;
            }
            LateFeeRule::PercentOfOutstanding { percent } | LateFeeRule::PercentOfRent { percent } => {
                if *percent <= Decimal::ZERO || *percent > Decimal::ONE_HUNDRED || percent.scale() > 4 {
                    return Err(wrong(
                        "late_fees.percent",
                        "be more than 0 and at most 100, with at most 4 decimal places",
                    ));
                }
            }
        }
    }
    Ok(())
}

fn service_levels(levels: &ServiceLevels) -> Result<(), Refusal> {
    for level in [levels.urgent, levels.high, levels.medium, levels.low] {
        input::number(
            "service_levels.response_minutes",
            level.response_minutes,
            1..=MINUTES_OF_A_YEAR,
        )?;
        input::number(
            "service_levels.resolution_minutes",
            level.resolution_minutes,
            i64::from(level.response_minutes)..=MINUTES_OF_A_YEAR,
        )?;
    }
    if let Some(BusinessHours { opens, closes }) = levels.business_hours {
        input::number("service_levels.business_hours.closes", closes, 1..=MINUTES_OF_A_DAY)?;
        input::number("service_levels.business_hours.opens", opens, 0..=i64::from(closes) - 1)?;
    }
    Ok(())
}
