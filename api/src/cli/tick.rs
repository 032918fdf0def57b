//! `propertyos tick`

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use clap::Args;
use domain::{clock::Progress, ids::OrganizationId, organization::Organization};

use super::{beside, organization};
use crate::{clock, config::Config, organizations};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Up to when: a date means its end, where the organization is; an instant such as `2026-12-05T09:00:00Z` the day it lies
    /// in, begun. Now without.
    #[arg(long, value_name = "DATE|INSTANT")]
    as_of: Option<AsOf>,
    /// Whose clock; that of the only organization without.
    #[arg(long, value_name = "ID")]
    organization: Option<OrganizationId>,
}

/// A point in time as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AsOf {
    End(NaiveDate),
    Instant(DateTime<Utc>),
}

impl FromStr for AsOf {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .map(Self::End)
            .or_else(|_| text.parse().map(Self::Instant))
            .map_err(|_| "write a date such as 2026-12-05 or an instant such as 2026-12-05T09:00:00Z")
    }
}

impl AsOf {
    fn progress(self, zone: Tz) -> Progress {
        match self {
            Self::End(day) => Progress::end_of(day, zone),
            Self::Instant(instant) => Progress::at(instant, zone),
        }
    }
}

pub async fn run(arguments: Arguments, settings: Config) -> anyhow::Result<()> {
    let until = arguments.as_of.unwrap_or_else(|| AsOf::Instant(clock::now()));
    beside(&settings, "tick", async |_, connected| {
        let organization = organization(&connected.pools.stream, arguments.organization).await?;
        let loaded = connected
            .commands
            .load::<Organization>(organization, organization)
            .await?;
        let until = until.progress(loaded.state.settings()?.time_zone);
        let items =
            commands::tick::tick(&*connected.commands, organization, organizations::INSTALLATION, until).await?;
        println!("{items}");
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_means_its_end_and_an_instant_its_day_begun() {
        let zone = chrono_tz::America::New_York;
        let end: AsOf = "2026-12-05".parse().unwrap();
        assert_eq!(
            end.progress(zone).instant,
            "2026-12-06T05:00:00Z".parse::<DateTime<Utc>>().unwrap()
        );
        let instant: AsOf = "2026-12-06T03:00:00Z".parse().unwrap();
        assert_eq!(instant.progress(zone).day, "2026-12-05".parse().unwrap());
        assert!("soon".parse::<AsOf>().is_err());
    }
}
