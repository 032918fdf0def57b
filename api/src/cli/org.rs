//! `propertyos org create`

use chrono_tz::Tz;
use clap::Subcommand;
use domain::money::Currency;

use super::beside;
use crate::{config::Config, organizations};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes an organization and prints its id.
    Create {
        /// The name it goes by.
        name: String,
        /// The currency of its books.
        #[arg(long, default_value = "USD")]
        currency: Currency,
        /// Where its days begin: an IANA name such as `America/Chicago`.
        #[arg(long, default_value = "America/New_York", value_name = "ZONE")]
        time_zone: Tz,
    },
    /// Prints the organizations: id and name.
    List,
}

pub async fn run(command: Command, settings: Config) -> anyhow::Result<()> {
    beside(&settings, "org", async |_, connected| {
        match command {
            Command::Create {
                name,
                currency,
                time_zone,
            } => {
                let id = organizations::found(&connected.commands, &name, currency, time_zone).await?;
                println!("{id}");
            }
            Command::List => {
                for organization in organizations::all(&connected.pools.stream).await? {
                    println!("{} {}", organization.id, organization.name);
                }
            }
        }
        Ok(())
    })
    .await
}
