//! `propertyos replay`

use std::{path::Path, time::Duration};

use clap::Subcommand;
use indicatif::ProgressBar;
use projections::search::SEARCH;
use streams::verify::{Side, Verified};

use super::beside;
use crate::{config::Config, installation::Connected};

/// The read models that can be named.
const ALL: [&str; 4] = ["dashboard", "directory", "ledger", SEARCH];
/// Those of them that lie in the database.
const IN_DATABASE: [&str; 3] = ["dashboard", "directory", "ledger"];

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a read model anew from the whole log, beside the one in use, and puts it in its place.
    Rebuild {
        /// Which. The search index is made anew when its folder is removed while no process keeps it.
        #[arg(value_parser = IN_DATABASE)]
        read_model: String,
    },
    /// Makes read models again from the log, up to where they stand, and compares them row by row with those in use, which go on.
    /// Fails if a row differs.
    Verify {
        /// Which; all of them without.
        #[arg(value_parser = ALL)]
        read_models: Vec<String>,
    },
    /// Prints every row of a read model: equal texts, equal read models.
    Dump {
        /// Which.
        #[arg(value_parser = ALL)]
        read_model: String,
    },
}

pub async fn run(command: Command, settings: Config) -> anyhow::Result<()> {
    beside(&settings, "replay", async |installation, connected| match command {
        Command::Rebuild { read_model } => rebuild(connected, &read_model).await,
        Command::Verify { read_models } => verify(connected, &installation.search_folder()?, read_models).await,
        Command::Dump { read_model } if read_model == SEARCH => {
            print!("{}", replay::dump_search(&installation.search_folder()?)?);
            Ok(())
        }
        Command::Dump { read_model } => {
            let read_model = replay::read_model(&read_model)?;
            print!("{}", replay::dump(&connected.pools.stream, &*read_model).await?);
            Ok(())
        }
    })
    .await
}

fn progress() -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message("events");
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

async fn rebuild(connected: &Connected, name: &str) -> anyhow::Result<()> {
    let read_model = replay::read_model(name)?;
    let bar = progress();
    let told = |events| bar.set_position(events);
    let rebuilt = replay::rebuild(&connected.pools.stream, &connected.personal, &*read_model, told).await?;
    bar.finish_and_clear();
    println!("{} events in {:.1} s", rebuilt.events, rebuilt.took.as_secs_f64());
    Ok(())
}

async fn verify(connected: &Connected, index: &Path, names: Vec<String>) -> anyhow::Result<()> {
    let names = if names.is_empty() {
        ALL.map(str::to_owned).to_vec()
    } else {
        names
    };
    let mut failed = Vec::new();
    for name in names {
        match verify_one(connected, index, &name).await {
            Ok(verified) => {
                println!("{name}: {}", told(&verified));
                if !verified.comparison.is_equal() {
                    failed.push(name);
                }
            }
            Err(error) => {
                eprintln!("{name}: {error:#}");
                failed.push(name);
            }
        }
    }
    anyhow::ensure!(failed.is_empty(), "not verified: {}", failed.join(", "));
    Ok(())
}

async fn verify_one(connected: &Connected, index: &Path, name: &str) -> anyhow::Result<Verified> {
    let (stream, personal) = (&connected.pools.stream, &connected.personal);
    let bar = progress();
    let verified = if name == SEARCH {
        replay::verify_search(stream, personal, index).await?
    } else {
        let read_model = replay::read_model(name)?;
        replay::verify(stream, personal, &*read_model, |events| bar.set_position(events)).await?
    };
    bar.finish_and_clear();
    Ok(verified)
}

/// What was compared, and the first rows that differ as a text of differences shows them.
fn told(verified: &Verified) -> String {
    let Verified {
        events,
        comparison,
        took,
    } = verified;
    let found = if comparison.is_equal() {
        "equal".to_owned()
    } else {
        format!("{} differ", comparison.differing)
    };
    let seconds = took.as_secs_f64();
    let summary = format!(
        "{} rows of {events} events compared in {seconds:.1} s, {found}",
        comparison.rows
    );
    let differences = comparison.first.iter().map(|difference| {
        let side = match difference.side {
            Side::ReadModel => '-',
            Side::Log => '+',
        };
        format!("{side} {} {}", difference.table, difference.row)
    });
    let lines: Vec<String> = [summary].into_iter().chain(differences).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_read_model_can_be_named() {
        let names: Vec<_> = projections::all().iter().map(|known| known.name()).collect();
        assert_eq!(names, IN_DATABASE);
        assert_eq!([names.as_slice(), &[SEARCH]].concat(), ALL);
    }
}
