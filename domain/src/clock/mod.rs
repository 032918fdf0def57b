//! An organization's clock: how far its time has been decided, and what the rules ask for as it goes on.
//!
//! Invariants: it never goes back; what lies at or before it is not decided again.

mod events;
mod rules;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use events::*;
pub use rules::*;

use crate::{
    Refusal,
    context::Context,
    ids::{ClockId, OrganizationId},
    input,
    sla::day_begins,
};

/// How far time is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Progress {
    /// The last day of which something is decided.
    pub day: NaiveDate,
    /// How much of that day.
    pub phase: Phase,
    /// The instant up to which service levels are looked at.
    pub instant: DateTime<Utc>,
}

impl Progress {
    /// When this day is over in a time zone.
    #[must_use]
    pub fn end_of(day: NaiveDate, zone: Tz) -> Self {
        Self {
            day,
            phase: Phase::Over,
            instant: day_begins(day.succ_opt().unwrap_or(day), zone),
        }
    }

    /// At this instant: its day in a time zone has begun.
    #[must_use]
    pub fn at(instant: DateTime<Utc>, zone: Tz) -> Self {
        Self {
            day: instant.with_timezone(&zone).date_naive(),
            phase: Phase::Begun,
            instant,
        }
    }
}

/// What can be asked of a clock.
#[derive(Debug, Clone, Copy, Serialize)]
pub enum ClockCommand {
    /// Record that everything up to here is decided.
    Advance(Progress),
}

refusals! {
    /// Why the clock refused.
    pub enum ClockRefusal {
        State "clock-is-ahead" => Ahead { instant: DateTime<Utc> }: "everything up to {instant} is decided already",
        State "clock-nothing-passed" => NothingPassed: "no such deadline passed that is not recorded already",
    }
}

/// What a decision about time reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    reached: Option<Progress>,
}

impl Clock {
    /// What follows from a command.
    ///
    /// # Errors
    /// Refuses to go back, or nowhere.
    pub fn decide(&self, command: ClockCommand, _: &Context) -> Result<Vec<ClockEvent>, Refusal> {
        let ClockCommand::Advance(to) = command;
        input::date("day", to.day)?;
        if let Some(reached) = self.reached.filter(|reached| !reached.is_before(&to)) {
            let instant = reached.instant;
            return Err(ClockRefusal::Ahead { instant }.into());
        }
        let Progress { day, phase, instant } = to;
        Ok(vec![ClockEvent::Advanced { day, phase, instant }])
    }

    /// How far it has come.
    #[must_use]
    pub const fn reached(&self) -> Option<Progress> {
        self.reached
    }

    /// Whether something up to here is still to be decided.
    #[must_use]
    pub fn is_before(&self, until: &Progress) -> bool {
        self.reached.is_none_or(|reached| reached.is_before(until))
    }

    /// The days and phases still to be decided up to a point, in order; from `first` on if nothing was decided yet.
    pub fn pending(&self, first: NaiveDate, until: Progress) -> impl Iterator<Item = (NaiveDate, Phase)> + use<> {
        let (day, phase) = match self.reached {
            None => (first, Phase::Begun),
            Some(Progress {
                day,
                phase: Phase::Begun,
                ..
            }) => (day, Phase::Over),
            Some(Progress { day, .. }) => (day.succ_opt().unwrap_or(day), Phase::Begun),
        };
        day.iter_days()
            .flat_map(|day| [(day, Phase::Begun), (day, Phase::Over)])
            .skip_while(move |step| *step < (day, phase))
            .take_while(move |step| *step <= (until.day, until.phase))
    }

    #[expect(clippy::needless_pass_by_value, reason = "as of every aggregate")]
    fn evolve(&mut self, event: ClockEvent) {
        let ClockEvent::Advanced { day, phase, instant } = event;
        self.reached = Some(Progress { day, phase, instant });
    }
}

impl Progress {
    fn is_before(&self, other: &Self) -> bool {
        self.instant <= other.instant && (self.day, self.phase) <= (other.day, other.phase) && self != other
    }
}

aggregate!(Clock of ClockId, ClockCommand gives ClockEvent);

/// An organization has one clock.
impl From<OrganizationId> for ClockId {
    fn from(organization: OrganizationId) -> Self {
        Self(organization.0)
    }
}

#[cfg(test)]
mod tests;
