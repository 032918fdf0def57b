//! The command line: one file for each subcommand.
//!
//! Results go to stdout and nothing else does; notices, progress and logs go to stderr. The exit status is 0, 1 if it was
//! refused or failed, 2 if it was called wrongly.

mod config;
mod demo;
mod events;
mod import;
mod keys;
mod migrate;
mod openapi;
mod org;
mod parked;
mod processes;
mod replay;
mod serve;
mod status;
mod tick;
mod token;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use domain::ids::OrganizationId;
use sqlx::PgPool;

use crate::{
    config::{Config, LogFormat},
    installation::{Connected, Installation, Use},
    logging, organizations,
};

/// The backend of a property-management business.
#[derive(Debug, Parser)]
#[command(name = "propertyos", version, arg_required_else_help = true)]
struct Cli {
    /// The settings; `propertyos.toml` in the working directory if it is not named.
    #[arg(long, global = true, env = "PROPERTYOS_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs everything in one process: database, API, relay, projectors, clock.
    Serve,
    /// Runs the API alone, with the search index that it answers from.
    Api,
    /// Streams the log to Kafka.
    Relay,
    /// Keeps one read model up to date.
    #[command(subcommand)]
    Project(processes::ReadModel),
    /// Reacts to what happens: for now, lets time pass.
    React,
    /// Brings the database's schema up to this build.
    Migrate(migrate::Arguments),
    /// Organizations.
    #[command(subcommand)]
    Org(org::Command),
    /// Prints a token for the API.
    Token(token::Arguments),
    /// The keys that tokens are signed with.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Simulates a portfolio in an organization of its own, and prints the organization's id.
    Demo(demo::Arguments),
    /// Lets time pass: charges, ends, late fees, deadlines. Prints how many items were decided.
    Tick(tick::Arguments),
    /// Takes a portfolio over from another system.
    #[command(subcommand)]
    Import(import::Command),
    /// Events that a read model could not take.
    #[command(subcommand)]
    Parked(parked::Command),
    /// Shows how everything fares that works on the log, on one page.
    Status(status::Arguments),
    /// Prints the events of the log.
    Events(events::Arguments),
    /// Plays the log again.
    #[command(subcommand)]
    Replay(replay::Command),
    /// Prints the OpenAPI document.
    Openapi,
    /// Settings.
    #[command(subcommand)]
    Config(config::Command),
}

/// Does what the command line says.
#[must_use]
pub fn main() -> ExitCode {
    // Two of the libraries bring a provider each, and TLS panics where none was chosen. A second choice changes nothing.
    let _chosen_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("propertyos: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let settings = || Config::load(cli.config.as_deref(), std::env::vars());
    match cli.command {
        Command::Openapi => openapi::run(),
        Command::Config(command) => config::run(&command, &settings()?),
        Command::Serve => process("serve", settings()?, |settings| {
            serve::run(settings, "serve", Use::Alone)
        }),
        Command::Api => process("api", settings()?, |settings| serve::run(settings, "api", Use::Joined)),
        Command::Relay => process("relay", settings()?, processes::relay),
        Command::Project(read_model) => process(&read_model.command(), settings()?, |settings| {
            processes::project(read_model, settings)
        }),
        Command::React => process("react", settings()?, processes::react),
        Command::Migrate(arguments) => briefly(settings()?, |settings| migrate::run(arguments, settings)),
        Command::Org(command) => briefly(settings()?, |settings| org::run(command, settings)),
        Command::Token(arguments) => briefly(settings()?, |settings| token::run(arguments, settings)),
        Command::Keys(command) => briefly(settings()?, |settings| keys::run(command, settings)),
        Command::Demo(arguments) => briefly(settings()?, |settings| demo::run(arguments, settings)),
        Command::Tick(arguments) => briefly(settings()?, |settings| tick::run(arguments, settings)),
        Command::Import(command) => briefly(settings()?, |settings| import::run(command, settings)),
        Command::Replay(command) => briefly(settings()?, |settings| replay::run(command, settings)),
        Command::Status(arguments) => briefly(settings()?, |settings| status::run(arguments, settings)),
        Command::Events(arguments) => briefly(settings()?, |settings| events::run(arguments, settings)),
        Command::Parked(command) => briefly(settings()?, |settings| parked::run(command, settings)),
    }
}

/// A process that runs until it is told to stop. It logs and traces as the settings say.
fn process<W: Future<Output = anyhow::Result<()>>>(
    command: &str,
    settings: Config,
    run: impl FnOnce(Config) -> W,
) -> anyhow::Result<()> {
    let _tracing = logging::start(&settings, command)?;
    asynchronously(run(settings))
}

/// A command that a person waits for. It logs only what went wrong.
fn briefly<W: Future<Output = anyhow::Result<()>>>(
    mut settings: Config,
    run: impl FnOnce(Config) -> W,
) -> anyhow::Result<()> {
    "warn".clone_into(&mut settings.log);
    settings.log_format = LogFormat::Text;
    settings.otlp_endpoint = None;
    process("a command", settings, run)
}

fn asynchronously(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()
        .context("no threads to work with")?
        .block_on(work)
}

/// Does something beside a running `serve`, or with the database that this process starts for it.
async fn beside<T>(
    settings: &Config,
    command: &str,
    work: impl AsyncFnOnce(&Installation, &Connected) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let installation = Installation::open(settings, command, Use::Beside).await?;
    let result = async {
        if installation.is_own() {
            installation.migrate().await?;
        }
        let connected = installation.connect().await?;
        let result = work(&installation, &connected).await;
        connected.pools.close().await;
        result
    }
    .await;
    installation.close().await;
    result
}

/// The organization that is meant: the one that is named, else the only one.
async fn organization(stream: &PgPool, named: Option<OrganizationId>) -> anyhow::Result<OrganizationId> {
    let known = organizations::all(stream).await?;
    if let Some(named) = named {
        let is_known = known.iter().any(|organization| organization.id == named.0);
        anyhow::ensure!(is_known, "there is no organization {named}");
        return Ok(named);
    }
    match known.as_slice() {
        [only] => Ok(OrganizationId(only.id)),
        [] => anyhow::bail!("there is no organization yet: make one with `propertyos org create NAME`"),
        several => {
            let list: Vec<_> = several.iter().map(|one| format!("  {} {}", one.id, one.name)).collect();
            anyhow::bail!(
                "there are several organizations: name one with --organization\n{}",
                list.join("\n")
            )
        }
    }
}
