//! The source that reads the log's tail: the default, and what catches up and rebuilds.

use std::time::Duration;

use async_trait::async_trait;
use schemas::{Cursor, WAKE_CHANNEL};
use sqlx::{PgPool, postgres::PgListener};
use tokio::{sync::watch, time::sleep};
use tokio_util::{sync::CancellationToken, sync::DropGuard};
use tracing::debug;

use crate::{Batch, Limit, Source, SourceError, connection::OwnConnection, log};

/// Reads the log's tail.
pub struct LogSource {
    connection: OwnConnection,
    // Also kept here, so that the channel lasts as long as the source.
    hint: watch::Sender<()>,
    _listening: DropGuard,
}

impl LogSource {
    /// Reads with a connection of the stream role, and holds another to hear when something was appended.
    #[must_use]
    pub fn new(stream: PgPool) -> Self {
        let hint = watch::Sender::new(());
        let stop = CancellationToken::new();
        tokio::spawn(
            stop.clone()
                .run_until_cancelled_owned(listen(stream.clone(), hint.clone())),
        );
        Self {
            connection: OwnConnection::new(stream, String::new()),
            hint,
            _listening: stop.drop_guard(),
        }
    }
}

#[async_trait]
impl Source for LogSource {
    async fn fetch(&mut self, cursors: &[Cursor], limit: Limit) -> Result<Vec<Batch>, SourceError> {
        let fetched = log::tail(self.connection.get().await?, cursors, limit).await;
        if matches!(fetched, Err(SourceError::Unavailable(_))) {
            self.connection.forget();
        }
        fetched
    }

    fn hints(&self) -> watch::Receiver<()> {
        self.hint.subscribe()
    }
}

/// How long to be deaf after the connection broke. Polling goes on meanwhile.
const DEAF: Duration = Duration::from_secs(1);

async fn listen(stream: PgPool, hint: watch::Sender<()>) {
    while !stream.is_closed() {
        if let Err(error) = hear(&stream, &hint).await {
            debug!(%error, "wake-ups can't be heard");
        }
        // What was missed while deaf.
        hint.send_replace(());
        sleep(DEAF).await;
    }
}

async fn hear(stream: &PgPool, hint: &watch::Sender<()>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(stream).await?;
    listener.listen(WAKE_CHANNEL).await?;
    while listener.try_recv().await?.is_some() {
        hint.send_replace(());
    }
    Ok(())
}
