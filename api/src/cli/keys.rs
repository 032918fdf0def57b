//! `propertyos keys rotate`

use clap::Subcommand;

use crate::{
    auth::keys::KeyRing,
    config::Config,
    installation::{Installation, Use},
};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Signs with a new key from now on, and prints its name. A running server follows within seconds.
    Rotate {
        /// Accept nothing any more that older keys signed.
        #[arg(long)]
        revoke: bool,
    },
}

pub async fn run(Command::Rotate { revoke }: Command, settings: Config) -> anyhow::Result<()> {
    let installation = Installation::open(&settings, "keys", Use::Beside).await?;
    let rotated = KeyRing::rotate(&installation.signing_keys(), revoke);
    installation.close().await;
    for key in rotated?.public().keys.iter().take(1) {
        println!("{}", key.kid);
    }
    Ok(())
}
