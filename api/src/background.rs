//! What runs beside the API in the same process: the projectors and the search index.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use projections::search::{Library, Node};
use sqlx::PgPool;
use store::personal::PersonalData;
use streams::{Feed, LogSource, Progress, Reader, Runner, Settings, Telemetry};
use tokio::{
    runtime::Handle,
    task::{JoinHandle, spawn_blocking},
};
use tokio_util::sync::CancellationToken;

/// What understands events: it opens the personal data in them.
#[must_use]
pub fn reader(stream: &PgPool, personal: &PersonalData) -> Reader {
    Reader::new(stream.clone(), personal.clone())
}

/// The projectors and the search index of this process, at work.
pub struct Background {
    /// How far they have come.
    pub progress: Arc<Progress>,
    /// How they fare.
    pub telemetry: Telemetry,
    /// What answers searches.
    pub library: Library,
    /// Where the search index is.
    pub index: PathBuf,
    stop: CancellationToken,
    projectors: JoinHandle<anyhow::Result<()>>,
    search: JoinHandle<anyhow::Result<()>>,
}

impl Background {
    /// Sets them to work, with the search index in this folder.
    ///
    /// # Errors
    /// An index that can't be opened, or is not of this log.
    pub async fn start(stream: &PgPool, personal: &PersonalData, index: &Path) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let (progress, telemetry) = (Arc::new(Progress::default()), Telemetry::default());
        let feed = Arc::new(Feed::new(LogSource::new(stream.clone()), reader(stream, personal)));
        let node = Node::open(index).with_context(|| format!("the search index in {}", index.display()))?;
        node.check(stream).await.with_context(|| {
            format!(
                "the search index in {} is of another log; remove it, and it is built anew",
                index.display()
            )
        })?;
        let library = node.library();
        let runner = Runner::new(stream.clone(), feed.clone(), projections::all(), Settings::default())
            .with_telemetry(telemetry.clone())
            .with_progress(progress.clone());
        let projectors = runner.run(stop.clone());
        let projectors = tokio::spawn(async { projectors.await.context("the projectors stopped") });
        // Writing the index blocks, so it has a thread of its own.
        let (runtime, indexing) = (Handle::current(), node.run(feed, progress.clone(), stop.clone()));
        let search = spawn_blocking(move || runtime.block_on(indexing).context("the search index stopped"));
        Ok(Self {
            progress,
            telemetry,
            library,
            index: index.to_owned(),
            stop,
            projectors,
            search,
        })
    }

    /// Waits until one of them has ended, which none does before it is told to.
    ///
    /// # Errors
    /// Why it ended.
    pub async fn ended(&mut self) -> anyhow::Result<()> {
        tokio::select! {
            ended = &mut self.projectors => ended.context("the projectors panicked")?,
            ended = &mut self.search => ended.context("the search index panicked")?,
        }
    }

    /// Tells them to end and waits until they have.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in [self.projectors, self.search] {
            // What has ended before was told already.
            if !task.is_finished()
                && let Ok(Err(error)) = task.await
            {
                tracing::error!(error = format!("{error:#}"), "did not end in order");
            }
        }
    }
}
