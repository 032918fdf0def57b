//! What every process has in common: how it begins, how it ends, and what it answers meanwhile.

use std::{fs, net::SocketAddr, time::Duration};

use anyhow::Context as _;
use axum::Router;
use tokio::{
    net::TcpListener,
    select,
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    background::Background,
    config::Config,
    installation::{Connected, Installation, Use},
};

/// Opens what a process works with, does its work until it is told to stop, and closes everything in order. A process that has
/// its installation for itself also brings the schema up to date.
///
/// # Errors
/// What can't be opened, and why the work ended.
pub async fn run(
    settings: &Config,
    command: &str,
    how: Use,
    work: impl AsyncFnOnce(&mut Installation, Connected, CancellationToken) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let stop = stop_signal()?;
    let mut installation = Installation::open(settings, command, how).await?;
    let result = async {
        if how == Use::Alone {
            installation.migrate().await?;
        }
        let connected = installation.connect().await?;
        let pools = connected.pools.clone();
        let result = work(&mut installation, connected, stop).await;
        pools.close().await;
        result
    }
    .await;
    installation.close().await;
    result
}

/// Where this process answers. Taken before its work begins, so that two processes on one address don't both work.
///
/// # Errors
/// An address that another process has.
pub async fn bind(settings: &Config) -> anyhow::Result<(TcpListener, String)> {
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("can't listen on {}", settings.listen))?;
    let url = format!("http://{}", place(listener.local_addr()?));
    tracing::info!(url, "listening");
    Ok((listener, url))
}

/// The address under which others may find this machine, if it listens on all that it has.
fn place(address: SocketAddr) -> String {
    let name = address
        .ip()
        .is_unspecified()
        .then(|| fs::read_to_string("/proc/sys/kernel/hostname"));
    match name {
        Some(Ok(name)) => format!("{}:{}", name.trim(), address.port()),
        _ => address.to_string(),
    }
}

/// Answers while the background works, until told to stop or until something that is needed has ended. Then finishes what is in
/// flight, and ends the background after it: what is in flight may wait for it.
///
/// # Errors
/// Why it ended, if nobody told it to.
pub async fn answer(
    listener: TcpListener,
    router: Router,
    installation: &mut Installation,
    mut background: Background,
    stop: CancellationToken,
    grace: Duration,
) -> anyhow::Result<()> {
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    let server = tokio::spawn(serving.into_future());
    let ended = until_the_end(server, installation, &mut background, &stop, grace).await;
    background.stop().await;
    ended
}

async fn until_the_end(
    mut server: JoinHandle<std::io::Result<()>>,
    installation: &mut Installation,
    background: &mut Background,
    stop: &CancellationToken,
    grace: Duration,
) -> anyhow::Result<()> {
    let failed = select! {
        () = stop.cancelled() => Ok(()),
        ended = background.ended() => ended.and(Err(anyhow::anyhow!("what runs in the background ended"))),
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
