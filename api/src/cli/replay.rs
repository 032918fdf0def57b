//! `propertyos replay`

use std::time::Duration;

use clap::Subcommand;
use indicatif::ProgressBar;

use super::beside;
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a read model anew from the whole log, beside the one in use, and puts it in its place.
    Rebuild {
        /// `ledger`, `dashboard` or `directory`.
        read_model: String,
    },
    /// Prints every row of a read model: equal texts, equal read models.
    Dump {
        /// `ledger`, `dashboard` or `directory`.
        read_model: String,
    },
}

pub async fn run(command: Command, settings: Config) -> anyhow::Result<()> {
    beside(&settings, "replay", async |_, connected| {
        let stream = &connected.pools.stream;
        match command {
            Command::Rebuild { read_model } => {
                let read_model = replay::read_model(&read_model)?;
                let bar = ProgressBar::new_spinner().with_message("events");
                bar.enable_steady_tick(Duration::from_millis(100));
                let told = |events| bar.set_position(events);
                let rebuilt = replay::rebuild(stream, &connected.personal, &*read_model, told).await?;
                bar.finish_and_clear();
                println!("{} events in {:.1} s", rebuilt.events, rebuilt.took.as_secs_f64());
            }
            Command::Dump { read_model } => {
                print!("{}", replay::dump(stream, &*replay::read_model(&read_model)?).await?);
            }
        }
        Ok(())
    })
    .await
}
