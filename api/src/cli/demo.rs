//! `propertyos demo`

use anyhow::Context as _;
use chrono::NaiveDate;
use clap::Args;
use commands::{
    execute::{Bulk, BulkError},
    log::AppendError,
};
use indicatif::{ProgressBar, ProgressStyle};

use super::beside;
use crate::{
    config::Config,
    demo::Plan,
    installation::{Connected, Installation},
};

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
    /// Writes many commands at once, as the database's owner: for large portfolios. Only where there is nothing of this one yet.
    #[arg(long)]
    bulk: bool,
}

/// How many events of a bulk load are written at a time: the shard is locked for less than a second.
const BATCH_EVENTS: u32 = 25_000;

/// What to do about a bulk load that ended too early.
const CUT_OFF: &str =
    "the bulk load was cut off; run again without --bulk it goes on from there, with another --seed it begins anew";

/// What to do about one that others came into, as the clock of a `serve` does.
const INTRUDED: &str =
    "the bulk load was disturbed; with another --seed it begins anew, with `tick_every = \"0s\"` in `serve`";

pub async fn run(arguments: Arguments, settings: Config) -> anyhow::Result<()> {
    let plan = Plan {
        units: arguments.units,
        months: arguments.months,
        seed: arguments.seed,
        from: arguments.from,
    };
    beside(&settings, "demo", async |installation, connected| {
        let style = ProgressStyle::with_template("{bar:40} day {pos} of {len}, {eta} left")?;
        let bar = ProgressBar::new(plan.length()).with_style(style);
        let done = |days| bar.set_position(days);
        if arguments.bulk {
            let bulk = begin(installation, connected, &plan).await?;
            load(bulk, &plan, done).await?;
        } else {
            plan.run(&*connected.commands, done).await?;
        }
        bar.finish_and_clear();
        println!("{}", plan.organization());
        Ok(())
    })
    .await
}

async fn begin(installation: &Installation, connected: &Connected, plan: &Plan) -> anyhow::Result<Bulk> {
    let owner = installation.owner().await;
    let owner = owner.context("--bulk writes as the database's owner, whom DATABASE_URL_OWNER names")?;
    Ok(connected
        .commands
        .bulk(owner, plan.organization(), BATCH_EVENTS)
        .await?)
}

async fn load(bulk: Bulk, plan: &Plan, done: impl Fn(u64)) -> anyhow::Result<()> {
    let simulated = plan.run(&bulk, done).await;
    // It also tells why the log took no more.
    let events = bulk.finish().await.map_err(|error| match error {
        BulkError::Write(AppendError::NotAlone) => anyhow::Error::new(error).context(INTRUDED),
        _ => anyhow::Error::new(error).context(CUT_OFF),
    })?;
    simulated.context(CUT_OFF)?;
    eprintln!("{events} events");
    Ok(())
}
