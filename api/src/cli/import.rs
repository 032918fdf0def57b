//! `propertyos import rent-roll`

use std::path::PathBuf;

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use domain::{ids::OrganizationId, organization::Organization};

use super::{beside, organization};
use crate::{
    clock,
    config::Config,
    import::{
        self,
        take_over::{TakeOver, told},
    },
    organizations,
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Takes over a rent roll: properties, units, residents, leases, deposits and what is owed.
    RentRoll(RentRoll),
}

#[derive(Debug, Args)]
pub struct RentRoll {
    /// The CSV file, as another system exports it.
    file: PathBuf,
    /// The day its balances are as of; today without.
    #[arg(long, value_name = "DATE")]
    as_of: Option<NaiveDate>,
    /// Takes over the rows that are right, though others are wrong.
    #[arg(long)]
    skip_bad_rows: bool,
    /// Whose; the only organization without.
    #[arg(long, value_name = "ID")]
    organization: Option<OrganizationId>,
}

pub async fn run(command: Command, settings: Config) -> anyhow::Result<()> {
    let Command::RentRoll(arguments) = command;
    let file = std::fs::read(&arguments.file).with_context(|| format!("{} can't be read", arguments.file.display()))?;
    beside(&settings, "import", async |_, connected| {
        let organization = organization(&connected.pools.stream, arguments.organization).await?;
        let loaded = connected
            .commands
            .load::<Organization>(organization, organization)
            .await?;
        let policies = loaded.state.settings()?;
        let take_over = TakeOver {
            commands: &connected.commands,
            organization,
            actor: organizations::INSTALLATION,
            currency: policies.currency,
            as_of: arguments.as_of.unwrap_or_else(|| clock::today(policies.time_zone)),
            occurred_at: clock::now(),
        };
        let outcome = import::rent_roll(&file, take_over, arguments.skip_bad_rows).await?;
        for fault in &outcome.faults {
            eprintln!("{fault}");
        }
        let summary = outcome.summary.with_context(|| {
            format!(
                "{} faults: nothing was taken over; --skip-bad-rows passes over such rows",
                outcome.faults.len()
            )
        })?;
        println!("{}", told(&summary, policies.currency));
        Ok(())
    })
    .await
}
