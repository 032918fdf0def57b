//! `propertyos migrate`

use clap::Args;

use crate::{
    config::Config,
    installation::{Installation, Use},
};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Record that the log was restored from an older copy or moved to another server: a new life of it begins. Nothing else
    /// may run.
    #[arg(long)]
    new_epoch: bool,
}

pub async fn run(arguments: Arguments, settings: Config) -> anyhow::Result<()> {
    let installation = Installation::open(&settings, "migrate", Use::Beside).await?;
    let result = migrate(&installation, &arguments).await;
    installation.close().await;
    result
}

async fn migrate(installation: &Installation, arguments: &Arguments) -> anyhow::Result<()> {
    match installation.migrate().await? {
        0 => eprintln!("The schema is up to date."),
        steps => eprintln!("The schema was brought up to date in {steps} steps."),
    }
    if arguments.new_epoch {
        let epoch = installation.begin_epoch().await?;
        eprintln!(
            "Epoch {epoch} of the log has begun. Read models beyond it are to be rebuilt: `propertyos replay rebuild`."
        );
    }
    Ok(())
}
