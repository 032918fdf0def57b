//! What a batch of events works on: the rows they refer to, read before and written after, and the sums they change.

use std::{
    collections::{BTreeMap, HashMap},
    ops::AddAssign,
};

use chrono::{DateTime, NaiveDate, Utc};
use domain::maintenance_request::{Deadlines, Priority};
use uuid::Uuid;

use super::durations::Durations;

/// Names a row: the organization and the thing.
pub(super) type Key = (Uuid, Uuid);
/// Names a sum: the organization, a property or the organization itself, and a day.
pub(super) type SumKey = (Uuid, Uuid, NaiveDate);
/// Names a count of open things: the organization, a property or the organization itself, whether they are work orders, and
/// their priority.
pub(super) type OpenKey = (Uuid, Uuid, bool, Priority);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit {
    pub property: Uuid,
    pub market_rent: i64,
    pub offline: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lease {
    pub property: Uuid,
    pub unit: Uuid,
    pub residents: Vec<Uuid>,
    /// Each rent with the first day it is agreed for, in the order of the days.
    pub rents: Vec<(NaiveDate, i64)>,
    pub activated_on: Option<NaiveDate>,
    /// What its charges leave unpaid.
    pub open: i64,
    /// When the oldest of those was due.
    pub oldest: Option<NaiveDate>,
    /// When the latest was.
    pub latest: Option<NaiveDate>,
    /// What those leave unpaid that were due before the latest.
    pub earlier: i64,
}

impl Lease {
    /// From this day on this rent is agreed, whatever was agreed for later days.
    pub fn agree(&mut self, from: NaiveDate, rent: i64) {
        self.rents.retain(|(day, _)| *day < from);
        self.rents.push((from, rent));
    }

    /// How the rent changes from day to day, from `start` on: at first from nothing.
    pub fn steps(&self, start: NaiveDate) -> Vec<(NaiveDate, i64)> {
        let mut before = 0;
        let mut steps = Vec::new();
        for (index, (from, rent)) in self.rents.iter().enumerate() {
            let superseded = self.rents.get(index + 1).is_some_and(|(next, _)| *next <= start);
            if !superseded {
                steps.push(((*from).max(start), rent - before));
                before = *rent;
            }
        }
        steps
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Charge {
    pub lease: Uuid,
    pub property: Uuid,
    pub rent: bool,
    pub due_on: NaiveDate,
    pub open: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub property: Uuid,
    pub work_order: bool,
    pub job: Uuid,
    pub priority: Priority,
    pub open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Job {
    pub episode: i32,
    pub property: Uuid,
    pub priority: Priority,
    pub opened_at: DateTime<Utc>,
    pub deadlines: Deadlines,
    pub responded_at: Option<DateTime<Utc>>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub dropped: bool,
}

impl Job {
    /// What it adds to the sums, each with its day.
    fn parts(&self) -> Parts {
        if self.dropped {
            return Parts::default();
        }
        let Deadlines { respond_by, resolve_by } = self.deadlines;
        let met = |by, at: Option<DateTime<Utc>>| i64::from(at.is_some_and(|at| at <= by));
        let response = Repairs {
            responses: 1,
            responses_met: met(respond_by, self.responded_at),
            ..Repairs::default()
        };
        let resolution = Repairs {
            resolutions: 1,
            resolutions_met: met(resolve_by, self.resolved_at),
            ..Repairs::default()
        };
        let ended = self.resolved_at.map(|at| {
            let ended = Repairs {
                jobs: 1,
                seconds: (at - self.opened_at).num_seconds(),
                ..Repairs::default()
            };
            (at.date_naive(), ended)
        });
        [
            Some((respond_by.date_naive(), response)),
            Some((resolve_by.date_naive(), resolution)),
            ended,
        ]
    }
}

type Parts = [Option<(NaiveDate, Repairs)>; 3];

/// By how much the figures of a day changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Movement {
    pub units: i64,
    pub rentable: i64,
    pub occupied: i64,
    pub market_rent: i64,
    pub contract_rent: i64,
}

/// By how much the sums of a due date changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Due {
    pub charged: i64,
    pub collected: i64,
    pub rent_collected: i64,
    pub open: i64,
    pub leases: i64,
}

/// By how much the sums of a day's deadlines and ends of work changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Repairs {
    pub responses: i64,
    pub responses_met: i64,
    pub resolutions: i64,
    pub resolutions_met: i64,
    pub jobs: i64,
    pub seconds: i64,
}

impl Repairs {
    const fn times(self, count: i64) -> Self {
        Self {
            responses: count * self.responses,
            responses_met: count * self.responses_met,
            resolutions: count * self.resolutions,
            resolutions_met: count * self.resolutions_met,
            jobs: count * self.jobs,
            seconds: count * self.seconds,
        }
    }
}

impl AddAssign for Repairs {
    fn add_assign(&mut self, other: Self) {
        self.responses += other.responses;
        self.responses_met += other.responses_met;
        self.resolutions += other.resolutions;
        self.resolutions_met += other.resolutions_met;
        self.jobs += other.jobs;
        self.seconds += other.seconds;
    }
}

impl AddAssign for Movement {
    fn add_assign(&mut self, other: Self) {
        self.units += other.units;
        self.rentable += other.rentable;
        self.occupied += other.occupied;
        self.market_rent += other.market_rent;
        self.contract_rent += other.contract_rent;
    }
}

impl AddAssign for Due {
    fn add_assign(&mut self, other: Self) {
        self.charged += other.charged;
        self.collected += other.collected;
        self.rent_collected += other.rent_collected;
        self.open += other.open;
        self.leases += other.leases;
    }
}

/// The rows that a batch reads and writes.
#[derive(Debug, Default)]
pub(super) struct State {
    pub units: HashMap<Key, Unit>,
    pub leases: HashMap<Key, Lease>,
    pub charges: HashMap<Key, Charge>,
    /// What each of the leases has open, by the day on which it was due.
    pub debts: HashMap<Key, BTreeMap<NaiveDate, i64>>,
    pub items: HashMap<Key, Item>,
    /// The latest episode of each job.
    pub jobs: HashMap<Key, Job>,
    /// Earlier episodes that this batch ended.
    pub ended: Vec<(Key, Job)>,
    pub movements: BTreeMap<SumKey, Movement>,
    pub dues: BTreeMap<SumKey, Due>,
    pub open_items: BTreeMap<OpenKey, i64>,
    pub repairs: BTreeMap<SumKey, Repairs>,
    pub durations: BTreeMap<SumKey, Durations>,
}

/// Sums change event by event, and not by what a batch comes to: so a sum that came to nothing has its row wherever batches end.
impl State {
    /// Changes the figures of a day, of the property and of the whole organization.
    pub fn moves(&mut self, organization: Uuid, property: Uuid, day: NaiveDate, change: impl Fn(&mut Movement)) {
        for scope in [property, organization] {
            change(self.movements.entry((organization, scope, day)).or_default());
        }
    }

    /// Changes the sums of a due date, of the property and of the whole organization.
    pub fn owes(&mut self, organization: Uuid, property: Uuid, due_on: NaiveDate, change: Due) {
        for scope in [property, organization] {
            *self.dues.entry((organization, scope, due_on)).or_default() += change;
        }
    }

    /// Counts a request or work order among the open ones if it is, or no longer.
    pub fn counts(&mut self, organization: Uuid, item: &Item, count: i64) {
        if item.open {
            for scope in [item.property, organization] {
                let key = (organization, scope, item.work_order, item.priority);
                *self.open_items.entry(key).or_default() += count;
            }
        }
    }

    /// Changes the sums by what has become of a job.
    pub fn measures(&mut self, organization: Uuid, before: Option<&Job>, after: &Job) {
        let had = before.map(Job::parts).unwrap_or_default();
        for (had, has) in had.into_iter().zip(after.parts()) {
            if had != has {
                for (part, count) in [(had, -1), (has, 1)] {
                    if let Some((day, part)) = part {
                        self.repairs(organization, after.property, day, part, count);
                    }
                }
            }
        }
    }

    fn repairs(&mut self, organization: Uuid, property: Uuid, day: NaiveDate, part: Repairs, count: i64) {
        for scope in [property, organization] {
            let key = (organization, scope, day);
            *self.repairs.entry(key).or_default() += part.times(count);
            if part.jobs != 0 {
                self.durations.entry(key).or_default().add(part.seconds, count);
            }
        }
    }
}

/// From its name, as the database keeps it; what it can't be is read as the usual one.
pub(super) fn priority_named(name: &str) -> Priority {
    match name {
        "low" => Priority::Low,
        "high" => Priority::High,
        "urgent" => Priority::Urgent,
        _ => Priority::Medium,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, month, day).unwrap()
    }

    fn lease(rents: &[(NaiveDate, i64)]) -> Lease {
        Lease {
            property: Uuid::from_u128(1),
            unit: Uuid::from_u128(2),
            residents: Vec::new(),
            rents: rents.to_vec(),
            activated_on: None,
            open: 0,
            oldest: None,
            latest: None,
            earlier: 0,
        }
    }

    #[test]
    fn a_rent_replaces_what_was_agreed_for_later_days() {
        let mut lease = lease(&[(on(1, 1), 100), (on(9, 1), 130)]);
        lease.agree(on(7, 1), 120);
        assert_eq!(lease.rents, [(on(1, 1), 100), (on(7, 1), 120)]);
    }

    #[test]
    fn the_steps_of_a_rent_begin_with_what_is_in_force() {
        let lease = lease(&[(on(1, 1), 100), (on(3, 1), 110), (on(9, 1), 90)]);
        assert_eq!(lease.steps(on(4, 10)), [(on(4, 10), 110), (on(9, 1), -20)]);
        assert_eq!(
            lease.steps(on(1, 1)),
            [(on(1, 1), 100), (on(3, 1), 10), (on(9, 1), -20)]
        );
        assert_eq!(lease.steps(on(3, 1)), [(on(3, 1), 110), (on(9, 1), -20)]);
    }
}
