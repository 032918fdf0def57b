//! `propertyos relay`, `project`, `react`: processes that answer nothing but how they fare.

use clap::Subcommand;
use projections::search::SEARCH;

use crate::{
    background::Background,
    config::Config,
    installation::{Connected, Installation, Use},
    process,
    vitals::{self, Vitals},
};

/// What is projected.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ReadModel {
    /// The books.
    Ledger,
    /// Figures about the business.
    Dashboard,
    /// Lists and details of everything.
    Directory,
    /// A whole search index, in a folder of this process's own.
    Search,
}

impl ReadModel {
    fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Dashboard => "dashboard",
            Self::Directory => "directory",
            Self::Search => SEARCH,
        }
    }

    /// The subcommand.
    pub fn command(self) -> String {
        format!("project {}", self.name())
    }
}

/// Keeps a read model up to date, in the shards that no other process holds.
pub async fn project(read_model: ReadModel, settings: Config) -> anyhow::Result<()> {
    run(
        &settings,
        &read_model.command(),
        async |installation, _, background| match read_model {
            ReadModel::Search => background.search(&installation.search_folder()?).await.map(drop),
            other => background.project(vec![replay::read_model(other.name())?]),
        },
    )
    .await
}

/// Streams the log to Kafka, in the shards that no other process holds.
pub async fn relay(settings: Config) -> anyhow::Result<()> {
    run(&settings, "relay", async |_, _, background| background.relay()).await
}

/// Lets time pass, while no other process does.
pub async fn react(settings: Config) -> anyhow::Result<()> {
    run(&settings, "react", async |_, connected, background| {
        background.tick(&settings, connected);
        Ok(())
    })
    .await
}

/// Works in the background until told to stop.
async fn run(
    settings: &Config,
    command: &str,
    begin: impl AsyncFnOnce(&Installation, &Connected, &mut Background) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    process::run(settings, command, Use::Joined, async |installation, connected, stop| {
        let (listener, url) = process::bind(settings).await?;
        let mut background = Background::new(settings, &connected, &url);
        begin(installation, &connected, &mut background).await?;
        let router = vitals::router(Vitals::new(&connected, &background));
        let grace = settings.shutdown_grace.0;
        process::answer(listener, router, installation, background, stop, grace).await
    })
    .await
}
