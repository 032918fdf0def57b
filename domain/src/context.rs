//! What every command is decided with besides the state: for whom, by whom, when, and under which policies.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    ids::{CommandId, OrganizationId, UserId},
    money::Currency,
    settings::Settings,
};

/// For whom and by whom a command is given, when it counts, and the policies it is decided under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Whose business it is: the unit of isolation.
    pub organization: OrganizationId,
    /// The person or process that gives the command.
    pub actor: UserId,
    /// What makes a retry recognisable.
    pub command: CommandId,
    /// The civil date, in the organization's time zone, on which the decision takes effect.
    pub effective_on: NaiveDate,
    /// When it happened. Service levels are measured with this, never with the time of recording.
    pub occurred_at: DateTime<Utc>,
    /// The organization's policies; its stream is a guard of the append.
    pub settings: Arc<Settings>,
}

impl Context {
    /// The `n`th id that this command gives out: the same command decided again gives the same ids.
    #[must_use]
    pub fn id(&self, n: u32) -> Uuid {
        self.command.derive(n)
    }

    /// The civil date on which it happened, in the organization's time zone. What it decides may count from another day.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        self.occurred_at.with_timezone(&self.settings.time_zone).date_naive()
    }

    /// The currency of the organization's books.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.settings.currency
    }
}

#[cfg(any(test, feature = "testing"))]
impl Context {
    /// A Monday in June, dollars, New York.
    #[must_use]
    pub fn sample() -> Self {
        let effective_on = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap_or_default();
        Self {
            organization: OrganizationId(Uuid::from_u128(8)),
            actor: UserId(Uuid::from_u128(9)),
            command: CommandId(Uuid::from_u128(10)),
            effective_on,
            occurred_at: effective_on.and_time(chrono::NaiveTime::MIN).and_utc() + chrono::TimeDelta::hours(15),
            settings: Arc::new(Settings::usual(Currency::USD, chrono_tz::America::New_York)),
        }
    }

    /// The same on another day, with a command id of its own.
    #[must_use]
    pub fn on(effective_on: NaiveDate) -> Self {
        let sample = Self::sample();
        Self {
            command: CommandId(Uuid::new_v5(&sample.command.0, effective_on.to_string().as_bytes())),
            effective_on,
            occurred_at: effective_on.and_time(chrono::NaiveTime::MIN).and_utc() + chrono::TimeDelta::hours(15),
            ..sample
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_counted_in_the_organizations_time_zone() {
        let mut context = Context::sample();
        context.occurred_at = context.effective_on.and_time(chrono::NaiveTime::MIN).and_utc();
        assert_eq!(Some(context.today()), context.effective_on.pred_opt());
    }

    #[test]
    fn a_command_decided_again_gives_the_same_ids_and_each_only_once() {
        let context = Context::sample();
        assert_eq!(context.id(1), context.id(1));
        assert_ne!(context.id(1), context.id(2));
        let other = Context {
            command: CommandId(Uuid::from_u128(11)),
            ..context.clone()
        };
        assert_ne!(context.id(1), other.id(1));
    }
}
