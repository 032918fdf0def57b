//! `propertyos serve`

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use chrono::TimeDelta;
use chrono_tz::America::New_York;
use domain::{ids::OrganizationId, money::Currency};
use tokio::{
    net::TcpListener,
    select,
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    auth::{
        roles::Role,
        token::{Caller, Tokens, user_of_role},
    },
    background::Background,
    clock,
    config::Config,
    installation::{Connected, Installation, Use},
    metrics::Metrics,
    organizations, routes, ticker,
};

/// The organization that an empty log begins with.
const FIRST_ORGANIZATION: &str = "My company";

/// How long the token that is printed is good for.
const TOKEN_HOURS: i64 = 12;

/// Runs everything in one process until it is told to stop.
pub async fn run(settings: Config) -> anyhow::Result<()> {
    let stop = stop_signal()?;
    let mut installation = Installation::open(&settings, "serve", Use::Alone).await?;
    let result = Box::pin(serve(&settings, &mut installation, stop)).await;
    installation.close().await;
    result
}

async fn serve(settings: &Config, installation: &mut Installation, stop: CancellationToken) -> anyhow::Result<()> {
    installation.migrate().await?;
    let connected = installation.connect().await?;
    let pools = connected.pools.clone();
    let result = async {
        begin_with_an_organization(&connected).await?;
        let index = installation.private_folder("search")?;
        let mut background = Background::start(&connected.pools.stream, &connected.personal, &index).await?;
        let served = api(settings, installation, connected, &mut background, stop).await;
        background.stop().await;
        served
    }
    .await;
    pools.close().await;
    result
}

async fn api(
    settings: &Config,
    installation: &mut Installation,
    connected: Connected,
    background: &mut Background,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("can't listen on {}", settings.listen))?;
    let address = listener.local_addr()?;
    let tokens = Tokens::open(installation.signing_keys(), clock::now())?;
    installation.announce_url(&format!("http://{address}"))?;
    welcome(address, &connected, &tokens).await?;

    let app = Arc::new(app(settings, connected, background, tokens));
    let clock = ticker::run(app.clone(), settings.tick_every.0, stop.clone());
    let server = listen(listener, app, stop.clone());
    let serving = async {
        let ended = until_the_end(server, installation, background, &stop, settings.shutdown_grace.0).await;
        stop.cancel();
        ended
    };
    let (ended, ()) = tokio::join!(serving, clock);
    ended
}

/// Waits until the server is told to stop and has finished what is in flight, or until something it needs has ended.
async fn until_the_end(
    mut server: JoinHandle<std::io::Result<()>>,
    installation: &mut Installation,
    background: &mut Background,
    stop: &CancellationToken,
    grace: Duration,
) -> anyhow::Result<()> {
    let failed = select! {
        () = stop.cancelled() => Ok(()),
        ended = background.ended() => ended.and(Err(anyhow::anyhow!("a projector ended"))),
        () = installation.database_ended() => {
            Err(anyhow::anyhow!("the private PostgreSQL ended; postgres.log in the data folder says why"))
        }
        ended = &mut server => return ended?.context("the server failed"),
    };
    tracing::info!("stopping: requests in flight are finished first");
    stop.cancel();
    if timeout(grace, server).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    failed
}

fn app(settings: &Config, connected: Connected, background: &Background, tokens: Tokens) -> App {
    let metrics = Metrics::new(|registry| {
        connected.metrics.register(registry);
        background.telemetry.register(registry);
    });
    App {
        commands: connected.commands,
        pools: connected.pools,
        personal: connected.personal,
        tokens,
        progress: background.progress.clone(),
        telemetry: background.telemetry.clone(),
        library: background.library.clone(),
        search_index: background.index.clone(),
        metrics,
        request_timeout: settings.request_timeout.0,
        read_wait: settings.read_wait.0,
        body_limit: settings.body_limit,
    }
}

/// Serves until told to stop, and then finishes what is in flight.
fn listen(listener: TcpListener, app: Arc<App>, stop: CancellationToken) -> JoinHandle<std::io::Result<()>> {
    let router = routes::router(app);
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    tokio::spawn(serving.into_future())
}

/// Cancelled by Ctrl-C, and by what service managers send.
fn stop_signal() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let told = stop.clone();
    tokio::spawn(async move {
        select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        told.cancel();
    });
    Ok(stop)
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
async fn welcome(address: SocketAddr, connected: &Connected, tokens: &Tokens) -> anyhow::Result<()> {
    let known = organizations::all(&connected.pools.stream).await?;
    println!("PropertyOS serves on http://{address}");
    println!("Documentation: http://{address}/docs/");
    let Some(first) = known.first() else { return Ok(()) };
    let organization = OrganizationId(first.id);
    let caller = Caller {
        user: user_of_role(organization, Role::Admin),
        organization,
        roles: vec![Role::Admin],
        resident: None,
    };
    let token = tokens.mint(&caller, clock::now(), TimeDelta::hours(TOKEN_HOURS))?;
    println!(
        "Token, role admin, organization \"{}\", good for {TOKEN_HOURS} hours:",
        first.name
    );
    println!("{token}");
    for other in known.iter().skip(1) {
        println!(
            "For \"{}\": propertyos token --role admin --organization {}",
            other.name, other.id
        );
    }
    Ok(())
}
