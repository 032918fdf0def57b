//! Service levels: how soon a report is to be answered, and the work finished.
//!
//! Clocks run round the clock, or in business hours if the policy has them; those are counted in the organization's time
//! zone, and an hour that a change of clocks leaves out or repeats is neither lost nor counted twice.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::{
    maintenance_request::{Deadlines, Priority},
    settings::{BusinessHours, ServiceLevels, Settings},
    work_order::SlaClock,
};

/// What a priority means for something reported at an instant.
#[must_use]
pub fn deadlines(priority: Priority, reported_at: DateTime<Utc>, settings: &Settings) -> Deadlines {
    let levels = &settings.service_levels;
    let level = match priority {
        Priority::Urgent => levels.urgent,
        Priority::High => levels.high,
        Priority::Medium => levels.medium,
        Priority::Low => levels.low,
    };
    let after_minutes = |minutes: u32| after(reported_at, TimeDelta::minutes(i64::from(minutes)), settings);
    Deadlines {
        respond_by: after_minutes(level.response_minutes),
        resolve_by: after_minutes(level.resolution_minutes),
    }
}

/// The instant at which so much time of the clocks has passed.
#[must_use]
pub fn after(from: DateTime<Utc>, duration: TimeDelta, settings: &Settings) -> DateTime<Utc> {
    let Some(hours) = settings.service_levels.business_hours else {
        return from.checked_add_signed(duration).unwrap_or(DateTime::<Utc>::MAX_UTC);
    };
    let mut left = duration;
    for (opens, closes) in openings(from, hours, settings.time_zone) {
        let open = closes - opens;
        if left <= open {
            return opens + left;
        }
        left -= open;
    }
    DateTime::<Utc>::MAX_UTC
}

/// How much time of the clocks passes between two instants; none if they are the wrong way round.
#[must_use]
pub fn between(from: DateTime<Utc>, to: DateTime<Utc>, settings: &Settings) -> TimeDelta {
    let Some(hours) = settings.service_levels.business_hours else {
        return (to - from).max(TimeDelta::zero());
    };
    openings(from, hours, settings.time_zone)
        .take_while(|(opens, _)| *opens < to)
        .map(|(opens, closes)| closes.min(to) - opens)
        .sum()
}

/// The opening hours of each working day, as instants, from a first one on: what of them lies before it is cut off.
fn openings(
    from: DateTime<Utc>,
    hours: BusinessHours,
    zone: Tz,
) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
    from.with_timezone(&zone)
        .date_naive()
        .iter_days()
        .filter(|day| !matches!(day.weekday(), Weekday::Sat | Weekday::Sun))
        .map(move |day| {
            (
                instant(day, hours.opens, zone).max(from),
                instant(day, hours.closes, zone),
            )
        })
        .filter(|(opens, closes)| opens < closes)
}

/// In minutes: Samoa once left out a day.
const LONGEST_LEAP: i64 = 24 * 60;

/// When the clocks on the wall show so many minutes after midnight: the first time where they do so twice, and where they
/// leap over it, the moment after.
fn instant(day: NaiveDate, minutes: u16, zone: Tz) -> DateTime<Utc> {
    let wall = day.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minutes));
    (0..=LONGEST_LEAP)
        .find_map(|later| zone.from_local_datetime(&(wall + TimeDelta::minutes(later))).earliest())
        .map_or_else(|| wall.and_utc(), |local| local.with_timezone(&Utc))
}

/// The first moment of a day in a time zone.
#[must_use]
pub fn day_begins(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    instant(day, 0, zone)
}

/// The two clocks of one episode of a request or a work order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clocks {
    response: Clock,
    resolution: Clock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Clock {
    due: DateTime<Utc>,
    run: Run,
    breached: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Run {
    Running,
    Paused { since: DateTime<Utc> },
    Stopped,
}

const BOTH: [SlaClock; 2] = [SlaClock::Response, SlaClock::Resolution];

impl Clocks {
    /// Both begin to run.
    pub fn start(deadlines: Deadlines) -> Self {
        let clock = |due| Clock {
            due,
            run: Run::Running,
            breached: false,
        };
        Self {
            response: clock(deadlines.respond_by),
            resolution: clock(deadlines.resolve_by),
        }
    }

    /// Those of them that run and whose deadline passed before this instant, unless that was recorded, with the deadline.
    pub fn missed(&self, at: DateTime<Utc>) -> impl Iterator<Item = (SlaClock, DateTime<Utc>)> {
        BOTH.into_iter().filter_map(move |which| {
            let clock = self.get(which);
            (clock.run == Run::Running && !clock.breached && clock.due < at).then_some((which, clock.due))
        })
    }

    /// Those that run and that the policy lets waiting stop.
    pub fn stopped_by_waiting(&self, levels: &ServiceLevels) -> Vec<SlaClock> {
        BOTH.into_iter()
            .filter(|which| match which {
                SlaClock::Response => levels.waiting_pauses_response,
                SlaClock::Resolution => levels.waiting_pauses_resolution,
            })
            .filter(|which| self.get(*which).run == Run::Running)
            .collect()
    }

    /// The deadlines if what waits goes on at this instant: later by the time that it waited.
    pub fn resumed(&self, at: DateTime<Utc>, settings: &Settings) -> Deadlines {
        let due = |clock: Clock| match clock.run {
            Run::Paused { since } if since < clock.due => {
                after(at.max(since), between(since, clock.due, settings), settings)
            }
            _ => clock.due,
        };
        Deadlines {
            respond_by: due(self.response),
            resolve_by: due(self.resolution),
        }
    }

    /// When they are due.
    pub const fn deadlines(&self) -> Deadlines {
        Deadlines {
            respond_by: self.response.due,
            resolve_by: self.resolution.due,
        }
    }

    /// The same episode has other deadlines.
    pub fn set(&mut self, deadlines: Deadlines) {
        self.response.due = deadlines.respond_by;
        self.resolution.due = deadlines.resolve_by;
    }

    pub fn pause(&mut self, which: SlaClock, since: DateTime<Utc>) {
        self.get_mut(which).run = Run::Paused { since };
    }

    pub fn resume(&mut self) {
        for which in BOTH {
            let clock = self.get_mut(which);
            if matches!(clock.run, Run::Paused { .. }) {
                clock.run = Run::Running;
            }
        }
    }

    pub fn stop(&mut self, which: SlaClock) {
        self.get_mut(which).run = Run::Stopped;
    }

    pub fn stop_both(&mut self) {
        for which in BOTH {
            self.stop(which);
        }
    }

    pub fn record_breach(&mut self, which: SlaClock) {
        self.get_mut(which).breached = true;
    }

    /// Those whose breach was recorded.
    pub fn breached(&self) -> Vec<SlaClock> {
        BOTH.into_iter().filter(|which| self.get(*which).breached).collect()
    }

    const fn get(&self, which: SlaClock) -> Clock {
        match which {
            SlaClock::Response => self.response,
            SlaClock::Resolution => self.resolution,
        }
    }

    const fn get_mut(&mut self, which: SlaClock) -> &mut Clock {
        match which {
            SlaClock::Response => &mut self.response,
            SlaClock::Resolution => &mut self.resolution,
        }
    }
}

#[cfg(test)]
mod tests;
