//! What a part of a rental period costs.

use chrono::NaiveDate;

use crate::{
    money::{Money, MoneyError},
    settings::ProrationMethod,
    span::{days_in_month, month_after},
};

/// The least common multiple of 28, 29, 30 and 31: days of different months add up in it without a fraction.
const DAY_PARTS: i128 = 377_580;

/// What the days from `from` up to, and without, `to` cost, when a whole month costs `whole`: the daily rate of each month
/// for its days, summed exactly and rounded once, half away from zero; never more than the whole.
///
/// # Errors
/// Refuses amounts too large to reckon with.
pub fn part(whole: Money, from: NaiveDate, to: NaiveDate, method: ProrationMethod) -> Result<Money, MoneyError> {
    let days = i128::from((to - from).num_days().max(0));
    let part = match method {
        ProrationMethod::ActualDays => whole.fraction(months_of_days(from, to), DAY_PARTS)?,
        ProrationMethod::ThirtyDays => whole.fraction(days, 30)?,
        ProrationMethod::DaysOfYear => whole.fraction(days * 12, 365)?,
    };
    Ok(part.least(whole))
}

/// How many months the days make up, each day being a part of its own month, in [`DAY_PARTS`].
fn months_of_days(from: NaiveDate, to: NaiveDate) -> i128 {
    let mut sum = 0;
    let mut day = from;
    while day < to {
        let end = month_after(day, 1).min(to);
        let days = i128::from((end - day).num_days());
        sum += days * DAY_PARTS / i128::from(days_in_month(day));
        day = end;
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{money::Currency, span::days_after};

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::USD)
    }

    fn on(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn actual(whole: i64, from: NaiveDate, to: NaiveDate) -> Money {
        part(usd(whole), from, to, ProrationMethod::ActualDays).unwrap()
    }

    #[test]
    fn the_worked_cases() {
        assert_eq!(actual(100_000, on(2026, 5, 20), on(2026, 6, 1)), usd(38_710));
        let thirteen = part(
            usd(60_000),
            on(2026, 7, 1),
            on(2026, 7, 14),
            ProrationMethod::ThirtyDays,
        );
        assert_eq!(thirteen, Ok(usd(26_000)));
        assert_eq!(actual(60_000, on(2026, 6, 1), on(2026, 6, 14)), usd(26_000));
        assert_eq!(actual(125_000, on(2026, 4, 30), on(2026, 5, 3)), usd(12_231));
    }

    #[test]
    fn a_day_of_the_year_costs_twelve_rents_over_365() {
        let ten = part(
            usd(100_000),
            on(2026, 2, 1),
            on(2026, 2, 11),
            ProrationMethod::DaysOfYear,
        );
        assert_eq!(ten, Ok(usd(32_877)));
    }

    #[test]
    fn a_part_is_never_more_than_the_whole() {
        for method in [
            ProrationMethod::ActualDays,
            ProrationMethod::ThirtyDays,
            ProrationMethod::DaysOfYear,
        ] {
            let all = part(usd(100_000), on(2026, 7, 1), on(2026, 8, 5), method);
            assert_eq!(all, Ok(usd(100_000)));
        }
        assert_eq!(actual(100_000, on(2026, 7, 1), on(2026, 7, 31)), usd(96_774));
    }

    #[test]
    fn no_days_cost_nothing() {
        for method in [
            ProrationMethod::ActualDays,
            ProrationMethod::ThirtyDays,
            ProrationMethod::DaysOfYear,
        ] {
            assert_eq!(part(usd(100_000), on(2026, 7, 2), on(2026, 7, 1), method), Ok(usd(0)));
        }
    }

    #[test]
    fn a_leap_february_has_29_days() {
        assert_eq!(actual(29_000, on(2024, 2, 28), on(2024, 3, 1)), usd(2_000));
        assert_eq!(actual(28_000, on(2026, 2, 28), on(2026, 3, 1)), usd(1_000));
    }

    proptest! {
        #[test]
        fn the_parts_of_a_month_sum_to_it_within_a_cent_each(
            whole in 1_i64..Money::MAX_MINOR,
            month in 0_u32..600,
            cuts in prop::collection::btree_set(1_u32..31, 0..6),
        ) {
            let first = month_after(on(1990, 1, 1), month);
            let next = month_after(first, 1);
            let mut edges: Vec<_> = cuts.into_iter().map(|cut| days_after(first, cut)).filter(|edge| *edge < next).collect();
            edges.insert(0, first);
            edges.push(next);
            let parts: Vec<_> = edges.windows(2).map(|pair| actual(whole, pair[0], pair[1]).minor).collect();
            let count = i64::try_from(parts.len()).unwrap();
            prop_assert!((parts.iter().sum::<i64>() - whole).abs() < count);
            prop_assert!(parts.iter().all(|part| (0..=whole).contains(part)));
        }

        #[test]
        fn another_day_never_costs_less(
            whole in 0_i64..Money::MAX_MINOR,
            start in 0_u32..4000,
            days in 0_u32..60,
            method in prop::sample::select(vec![
                ProrationMethod::ActualDays,
                ProrationMethod::ThirtyDays,
                ProrationMethod::DaysOfYear,
            ]),
        ) {
            let from = days_after(on(2020, 1, 1), start);
            let cost = |days| part(usd(whole), from, days_after(from, days), method).unwrap().minor;
            prop_assert!(cost(days) <= cost(days + 1));
        }
    }
}
