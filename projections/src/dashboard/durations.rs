//! How long jobs took, counted in buckets: what a percentile of many is found from.
//!
//! A bucket is named by the seven leading bits of a number of seconds and how many bits follow, as in G. Tene's HDR histogram.
//! So it is one number below 128 seconds, and beyond that at most 1/64 of it wide: its middle is within 1/128 of all in it.

use std::{collections::BTreeMap, ops::AddAssign};

use sqlx::error::BoxDynError;

const LEADING_BITS: u32 = 7;
/// Of each number of bits, how many buckets there are: those of which the first bit is set.
const OF_A_LENGTH: u64 = 1 << (LEADING_BITS - 1);

/// How many jobs there are in each bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Durations(BTreeMap<u16, i64>);

impl Durations {
    /// So many more jobs took so long.
    pub fn add(&mut self, seconds: i64, jobs: i64) {
        *self.0.entry(bucket(seconds)).or_default() += jobs;
    }

    /// As a row holds it: the buckets with jobs in them, in their order.
    pub fn packed(&self) -> Result<Vec<u8>, BoxDynError> {
        let counts = self.0.iter().map(|(bucket, jobs)| (*bucket, *jobs));
        let counts: Vec<(u16, i64)> = counts.filter(|(_, jobs)| *jobs != 0).collect();
        Ok(postcard::to_allocvec(&counts)?)
    }

    /// The sum of what rows hold.
    pub fn sum_of<'a>(rows: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, BoxDynError> {
        // A year of a large organization is tens of thousands of counts in a few thousand buckets.
        let mut sums: Vec<i64> = Vec::new();
        for row in rows {
            let counts: Vec<(u16, i64)> = postcard::from_bytes(row)?;
            for (bucket, jobs) in counts {
                let bucket = usize::from(bucket);
                sums.resize(sums.len().max(bucket + 1), 0);
                sums[bucket] += jobs;
            }
        }
        let counts = (0..).zip(sums).filter(|(_, jobs)| *jobs != 0);
        Ok(Self(counts.collect()))
    }

    /// The duration that this share of the jobs doesn't exceed, as `percentile_cont` finds it; `None` without any.
    pub fn percentile(&self, share: f64) -> Option<f64> {
        interpolated(self.0.values().sum(), share, |rank| self.ranked(rank))
    }

    /// How long the job took that has so many before it.
    fn ranked(&self, rank: i64) -> Option<f64> {
        let mut jobs = 0;
        let reached = self.0.iter().find(|(_, count)| {
            jobs += *count;
            jobs > rank
        });
        reached.map(|(bucket, _)| middle(*bucket))
    }
}

impl AddAssign for Durations {
    fn add_assign(&mut self, other: Self) {
        for (bucket, jobs) in other.0 {
            *self.0.entry(bucket).or_default() += jobs;
        }
    }
}

/// Between the two durations that lie around this share of so many jobs, as `percentile_cont` finds it; `None` without any. `ranked` says
/// how long the job took that has so many before it.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a rank among far fewer jobs than a float is exact for"
)]
pub(super) fn interpolated(jobs: i64, share: f64, ranked: impl Fn(i64) -> Option<f64>) -> Option<f64> {
    let last = jobs - 1;
    if last < 0 {
        return None;
    }
    let rank = share * last as f64;
    let below = rank.floor() as i64;
    let (low, high) = (ranked(below)?, ranked((below + 1).min(last))?);
    // Rounded after each step, as PostgreSQL does.
    Some(low + rank.fract() * (high - low))
}

/// The bucket that a number of seconds is in; work that ended before it was reported took no time.
fn bucket(seconds: i64) -> u16 {
    let seconds = u64::try_from(seconds).unwrap_or(0);
    let following = (u64::BITS - seconds.leading_zeros()).saturating_sub(LEADING_BITS);
    let number = u64::from(following) * OF_A_LENGTH + (seconds >> following);
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// The middle of the durations in a bucket, in seconds.
#[expect(clippy::cast_precision_loss, reason = "an approximation")]
fn middle(bucket: u16) -> f64 {
    let number = u64::from(bucket);
    let following = (number / OF_A_LENGTH).saturating_sub(1);
    let width = 1_u64 << following;
    let first = (number - following * OF_A_LENGTH) << following;
    first as f64 + (width - 1) as f64 / 2.0
}

#[cfg(test)]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "far fewer seconds and jobs than a float is exact for, or compared with room"
)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn up_to_two_minutes_each_second_has_its_bucket() {
        for seconds in 0..128 {
            assert_eq!(i64::from(bucket(seconds)), seconds);
            assert!((middle(bucket(seconds)) - f64::from(i32::try_from(seconds).unwrap())).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn buckets_follow_one_another_without_a_gap() {
        let mut before = bucket(0);
        for seconds in 1..100_000 {
            let next = bucket(seconds);
            assert!(next == before || next == before + 1, "{seconds}");
            before = next;
        }
        assert!(bucket(i64::MAX) < u16::MAX);
        assert_eq!(bucket(-5), bucket(0));
    }

    #[test]
    fn without_jobs_there_is_no_percentile() {
        assert_eq!(Durations::default().percentile(0.5), None);
        let mut gone = Durations::default();
        gone.add(60, 1);
        gone.add(60, -1);
        assert_eq!(gone.percentile(0.5), None);
    }

    #[test]
    fn what_is_no_row_of_counts_is_refused() {
        assert!(Durations::sum_of([&[7, 1][..]]).is_err());
    }

    proptest! {
        #[test]
        fn rows_hold_what_was_counted(days in prop::collection::vec(prop::collection::vec(0..5_000_000_i64, 0..50), 0..5)) {
            let (mut all, mut rows) = (Durations::default(), Vec::new());
            for seconds in days {
                let mut day = Durations::default();
                for seconds in seconds {
                    day.add(seconds, 1);
                }
                rows.push(day.packed().unwrap());
                all += day;
            }
            prop_assert_eq!(Durations::sum_of(rows.iter().map(Vec::as_slice)).unwrap(), all);
        }

        #[test]
        fn the_middle_is_within_a_percent(seconds in prop_oneof![0..100_000_i64, any::<i64>().prop_map(|n| n & i64::MAX)]) {
            let seconds = seconds as f64;
            prop_assert!((middle(bucket(seconds as i64)) - seconds).abs() <= seconds / 128.0);
        }

        #[test]
        fn a_percentile_is_within_a_percent(
            mut seconds in prop::collection::vec(0..5_000_000_i64, 1..300), share in 0.0..1.0_f64,
        ) {
            let mut durations = Durations::default();
            for seconds in &seconds {
                durations.add(*seconds, 1);
            }
            seconds.sort_unstable();
            let rank = share * (seconds.len() - 1) as f64;
            let (below, above) = (seconds[rank.floor() as usize] as f64, seconds[rank.ceil() as usize] as f64);
            let exact = (above - below).mul_add(rank.fract(), below);
            let found = durations.percentile(share).unwrap();
            prop_assert!((found - exact).abs() <= exact / 100.0, "{found}, not {exact}");
        }
    }
}
