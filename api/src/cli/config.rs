//! `propertyos config check`

use clap::Subcommand;

use crate::config::Config;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prints the settings that hold, or says which one is wrong.
    Check,
}

/// Settings that can't be used were refused when they were read.
pub fn run(Command::Check: &Command, settings: &Config) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(settings)?);
    Ok(())
}
