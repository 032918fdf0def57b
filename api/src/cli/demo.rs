//! `propertyos demo`

use chrono::NaiveDate;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::beside;
use crate::{config::Config, demo::Plan};

#[derive(Debug, Args)]
pub struct Arguments {
    /// How many units.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    units: u32,
    /// How many months.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=240))]
    months: u32,
    /// What everything is drawn from: the same seed gives the same portfolio.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The first day.
    #[arg(long, default_value = "2024-01-01", value_name = "DATE")]
    from: NaiveDate,
}

pub async fn run(arguments: Arguments, settings: Config) -> anyhow::Result<()> {
    let plan = Plan {
        units: arguments.units,
        months: arguments.months,
        seed: arguments.seed,
        from: arguments.from,
    };
    beside(&settings, "demo", async |_, connected| {
        let style = ProgressStyle::with_template("{bar:40} day {pos} of {len}, {eta} left")?;
        let bar = ProgressBar::new(plan.length()).with_style(style);
        plan.run(&connected.commands, |days| bar.set_position(days)).await?;
        bar.finish_and_clear();
        println!("{}", plan.organization());
        Ok(())
    })
    .await
}
