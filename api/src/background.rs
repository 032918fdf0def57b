//! What runs beside the API in the same process: the projectors and the search index.

use std::{path::Path, sync::Arc, thread};

use anyhow::Context as _;
use projections::search::{Library, Node};
use sqlx::PgPool;
use store::personal::PersonalData;
use streams::{Feed, LogSource, Progress, Reader, Runner, Settings, Telemetry};
use tokio::{runtime::Handle, sync::oneshot, task::JoinHandle};
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
    stop: CancellationToken,
    projectors: JoinHandle<anyhow::Result<()>>,
    search: oneshot::Receiver<anyhow::Result<()>>,
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
        let search = keep_index(node, feed, progress.clone(), stop.clone())?;
        Ok(Self {
            progress,
            telemetry,
            library,
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
        if !self.projectors.is_finished()
            && let Ok(Err(error)) = self.projectors.await
        {
            tracing::error!(error = format!("{error:#}"), "the projectors did not end in order");
        }
        // An error if it had ended before.
        let _ended = self.search.await;
    }
}

/// Writing the index blocks, so it has a thread of its own.
fn keep_index(
    node: Node,
    feed: Arc<Feed>,
    progress: Arc<Progress>,
    stop: CancellationToken,
) -> anyhow::Result<oneshot::Receiver<anyhow::Result<()>>> {
    let (ended, end) = oneshot::channel();
    let runtime = Handle::current();
    thread::Builder::new()
        .name("search".to_owned())
        .spawn(move || {
            let result = runtime
                .block_on(node.run(feed, progress, stop))
                .context("the search index stopped");
            // Nobody waits for it any more if the process ends.
            let _nobody = ended.send(result);
        })
        .context("no thread for the search index")?;
    Ok(end)
}
