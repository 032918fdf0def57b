//! A period, cut into what there are sums of and what there are not.

use std::ops::Range;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use domain::span::month_after;

/// From one instant to another, which is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Period {
    /// The whole months, by their first days.
    pub months: Range<NaiveDate>,
    /// The whole days before and after them.
    pub days: [Range<NaiveDate>; 2],
    /// What is before and after those.
    pub edges: [Range<DateTime<Utc>>; 2],
}

impl Period {
    pub fn new(from: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        let (first, last) = (first_day(from), until.date_naive());
        if first > last {
            return Self {
                months: last..last,
                days: [last..last, last..last],
                edges: [from..until, until..until],
            };
        }
        let edges = [from..midnight(first), midnight(last)..until];
        let (first_month, last_month) = (first_month(first), month_after(last, 0));
        if first_month > last_month {
            return Self {
                months: last..last,
                days: [first..last, last..last],
                edges,
            };
        }
        Self {
            months: first_month..last_month,
            days: [first..first_month, last_month..last],
            edges,
        }
    }
}

/// The first day that is not before an instant.
fn first_day(from: DateTime<Utc>) -> NaiveDate {
    let day = from.date_naive();
    if from == midnight(day) {
        day
    } else {
        day.succ_opt().unwrap_or(NaiveDate::MAX)
    }
}

/// The first month that doesn't begin before a day.
fn first_month(day: NaiveDate) -> NaiveDate {
    month_after(day, u32::from(day.day() > 1))
}

const fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use chrono::{Days, TimeDelta};
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn days(from: &str, until: &str) -> Range<NaiveDate> {
        from.parse().unwrap()..until.parse().unwrap()
    }

    #[test]
    fn a_year_that_begins_at_a_midnight_in_new_york_is_months_days_and_two_edges() {
        let period = Period::new(at("2025-12-01T05:00:00Z"), at("2026-11-23T06:46:00Z"));
        let expected = Period {
            months: days("2026-01-01", "2026-11-01"),
            days: [days("2025-12-02", "2026-01-01"), days("2026-11-01", "2026-11-23")],
            edges: [
                at("2025-12-01T05:00:00Z")..at("2025-12-02T00:00:00Z"),
                at("2026-11-23T00:00:00Z")..at("2026-11-23T06:46:00Z"),
            ],
        };
        assert_eq!(period, expected);
    }

    #[test]
    fn a_period_that_begins_with_a_month_has_nothing_before_it() {
        let from = at("2026-01-01T00:00:00Z");
        let period = Period::new(from, at("2026-03-01T00:00:00Z"));
        assert_eq!(period.months, days("2026-01-01", "2026-03-01"));
        assert!(period.days.iter().all(Range::is_empty));
        assert!(period.edges.iter().all(Range::is_empty));
    }

    proptest! {
        #[test]
        fn each_moment_is_in_one_part_or_outside(start in 0..90_i64 * 24, hours in -20..90_i64 * 24, moment in 0..200_i64 * 24) {
            let zero = at("2026-01-15T00:00:00Z");
            let from = zero + TimeDelta::hours(start);
            let (until, moment) = (from + TimeDelta::hours(hours), zero + TimeDelta::hours(moment - 48));
            let period = Period::new(from, until);
            let (day, month) = (moment.date_naive(), month_after(moment.date_naive(), 0));
            let parts = usize::from(period.months.contains(&month))
                + period.days.iter().filter(|days| days.contains(&day)).count()
                + period.edges.iter().filter(|edge| edge.contains(&moment)).count();
            prop_assert_eq!(parts, usize::from((from..until).contains(&moment)));
            for edge in &period.edges {
                prop_assert!(edge.is_empty() || edge.end <= midnight(edge.start.date_naive() + Days::new(1)));
            }
        }
    }
}
