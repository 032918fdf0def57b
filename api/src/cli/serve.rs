//! `propertyos serve` and `propertyos api`: the processes that answer requests. The first does everything else beside.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    sync::Arc,
};

use chrono::TimeDelta;
use chrono_tz::America::New_York;
use domain::{ids::OrganizationId, money::Currency};

use crate::{
    app::App,
    auth::{
        roles::Role,
        token::{Caller, Tokens, user_of_role},
    },
    background::Background,
    clock,
    config::Config,
    installation::{Connected, Use},
    organizations, process, routes,
    vitals::Vitals,
};

/// The organization that an empty log begins with.
const FIRST_ORGANIZATION: &str = "My company";

/// How long the token that is printed is good for.
const TOKEN_HOURS: i64 = 12;

/// Runs until told to stop. With the installation for itself it is the process that does everything.
pub async fn run(settings: Config, command: &str, how: Use) -> anyhow::Result<()> {
    let everything = how == Use::Alone;
    process::run(&settings, command, how, async |installation, connected, stop| {
        if everything {
            begin_with_an_organization(&connected).await?;
        }
        let (listener, url) = process::bind(&settings).await?;
        let tokens = Tokens::open(installation.signing_keys(), clock::now())?;
        let mut background = Background::new(&settings, &connected, &url);
        let library = background.search(&installation.search_folder()?).await?;
        if everything {
            if settings.kafka_brokers.is_some() {
                background.relay()?;
            }
            background.project(projections::all())?;
            background.tick(&settings, &connected);
            installation.announce_url(&url)?;
            welcome(&url, &connected, &tokens).await?;
        }
        let app = Arc::new(App {
            vitals: Vitals::new(&connected, &background),
            commands: connected.commands,
            pools: connected.pools,
            personal: connected.personal,
            tokens,
            progress: background.progress.clone(),
            library,
            request_timeout: settings.request_timeout.0,
            read_wait: settings.read_wait.0,
            body_limit: settings.body_limit,
        });
        let (router, grace) = (routes::router(app), settings.shutdown_grace.0);
        process::answer(listener, router, installation, background, stop, grace).await
    })
    .await
}

/// A log without events gets an organization to begin with.
async fn begin_with_an_organization(connected: &Connected) -> anyhow::Result<()> {
    if organizations::all(&connected.pools.stream).await?.is_empty() {
        let id = organizations::found(&connected.commands, FIRST_ORGANIZATION, Currency::USD, New_York).await?;
        eprintln!("The log is empty: made the organization \"{FIRST_ORGANIZATION}\" (USD, America/New_York), {id}.");
    }
    Ok(())
}

/// Tells where it serves, and prints a token to begin with.
async fn welcome(url: &str, connected: &Connected, tokens: &Tokens) -> anyhow::Result<()> {
    let known = organizations::all(&connected.pools.stream).await?;
    let mut words = format!("PropertyOS serves on {url}\nDocumentation: {url}/docs/\n");
    if let Some(first) = known.first() {
        let organization = OrganizationId(first.id);
        let caller = Caller {
            user: user_of_role(organization, Role::Admin),
            organization,
            roles: vec![Role::Admin],
            resident: None,
        };
        let token = tokens.mint(&caller, clock::now(), TimeDelta::hours(TOKEN_HOURS))?;
        let name = &first.name;
        writeln!(
            words,
            "Token, role admin, organization \"{name}\", good for {TOKEN_HOURS} hours:\n{token}"
        )?;
    }
    for other in known.iter().skip(1) {
        let (name, id) = (&other.name, other.id);
        writeln!(
            words,
            "For \"{name}\": propertyos token --role admin --organization {id}"
        )?;
    }
    // Whether anybody reads it is no matter of serving.
    let _unread = io::stdout().write_all(words.as_bytes());
    Ok(())
}
