//! `propertyos parked`
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists what stands still.
    List,
}

use crate::config::Config;

pub async fn run(_: Command, _: Config) -> anyhow::Result<()> {
    Ok(())
}
