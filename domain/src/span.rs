//! Half-open intervals of civil dates.

use chrono::{Datelike, Days, Months, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The days from `from` up to, and without, `to`; without an end if `to` is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Span {
    /// The first day.
    pub from: NaiveDate,
    /// The day after the last.
    pub to: Option<NaiveDate>,
}

impl Span {
    /// From a first day up to, and without, another.
    #[must_use]
    pub const fn new(from: NaiveDate, to: NaiveDate) -> Self {
        Self { from, to: Some(to) }
    }

    /// From a first day, without an end.
    #[must_use]
    pub const fn open(from: NaiveDate) -> Self {
        Self { from, to: None }
    }

    /// True if it holds no day.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.to.is_some_and(|to| to <= self.from)
    }

    /// True if the day lies in it.
    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day < to)
    }

    /// True if a day lies in both.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        !self.is_empty()
            && !other.is_empty()
            && self.to.is_none_or(|to| other.from < to)
            && other.to.is_none_or(|to| self.from < to)
    }

    /// The last day, as people name it; `None` without an end.
    #[must_use]
    pub fn last_day(self) -> Option<NaiveDate> {
        self.to.and_then(|to| to.pred_opt())
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.last_day() {
            Some(last) => write!(f, "{} to {last}", self.from),
            None => write!(f, "{} onward", self.from),
        }
    }
}

/// How many days the month of this day has.
#[must_use]
pub fn days_in_month(day: NaiveDate) -> u32 {
    u32::from(day.num_days_in_month())
}

/// The date in the month of `month` on which something due on day `due_day` falls: the last day where the month is shorter.
#[must_use]
pub fn due_date(month: NaiveDate, due_day: u8) -> NaiveDate {
    let day = u32::from(due_day.max(1)).min(days_in_month(month));
    month.with_day(day).unwrap_or(month)
}

/// The first day of the month `count` months after the month of this day; the last that chrono knows beyond its range.
#[must_use]
pub fn month_after(day: NaiveDate, count: u32) -> NaiveDate {
    let first = day.with_day(1).unwrap_or(day);
    first.checked_add_months(Months::new(count)).unwrap_or(NaiveDate::MAX)
}

/// So many days later; the last day that chrono knows beyond its range.
#[must_use]
pub fn days_after(day: NaiveDate, count: u32) -> NaiveDate {
    day.checked_add_days(Days::new(u64::from(count)))
        .unwrap_or(NaiveDate::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn the_end_is_the_day_after_the_last() {
        let june = Span::new(on(2026, 6, 1), on(2026, 7, 1));
        assert!(june.contains(on(2026, 6, 1)) && june.contains(on(2026, 6, 30)));
        assert!(!june.contains(on(2026, 7, 1)) && !june.contains(on(2026, 5, 31)));
        assert_eq!(june.last_day(), Some(on(2026, 6, 30)));
        assert_eq!(june.to_string(), "2026-06-01 to 2026-06-30");
        assert_eq!(Span::open(on(2026, 6, 1)).to_string(), "2026-06-01 onward");
    }

    #[test]
    fn spans_that_only_touch_do_not_overlap() {
        let june = Span::new(on(2026, 6, 1), on(2026, 7, 1));
        let july = Span::new(on(2026, 7, 1), on(2026, 8, 1));
        let from_mid_june = Span::open(on(2026, 6, 15));
        let nothing = Span::new(on(2026, 6, 10), on(2026, 6, 10));
        assert!(!june.overlaps(july) && !july.overlaps(june));
        assert!(june.overlaps(from_mid_june) && from_mid_june.overlaps(june));
        assert!(july.overlaps(from_mid_june) && from_mid_june.overlaps(from_mid_june));
        assert!(nothing.is_empty() && !nothing.overlaps(june) && !june.overlaps(nothing));
        assert!(!june.is_empty() && !from_mid_june.is_empty());
    }

    #[test]
    fn a_due_day_beyond_the_month_is_its_last_day() {
        assert_eq!(due_date(on(2026, 2, 10), 31), on(2026, 2, 28));
        assert_eq!(due_date(on(2024, 2, 10), 30), on(2024, 2, 29));
        assert_eq!(due_date(on(2026, 5, 10), 1), on(2026, 5, 1));
        assert_eq!(due_date(on(2026, 5, 10), 0), on(2026, 5, 1));
    }

    #[test]
    fn months_follow_each_other() {
        assert_eq!(month_after(on(2026, 1, 31), 0), on(2026, 1, 1));
        assert_eq!(month_after(on(2026, 12, 31), 2), on(2027, 2, 1));
        assert_eq!(days_after(on(2026, 2, 28), 1), on(2026, 3, 1));
        assert_eq!(days_in_month(on(2024, 2, 1)), 29);
    }
}
