//! A node: keeps one index up to date with the log, and remembers beside it what it could not apply.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use domain::ids::OrganizationId;
use schemas::Cursor;
use sqlx::PgPool;
use streams::{Entry, Fault, Feed, Limit, Progress, SourceError, log, trace};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    apply::{Happening, apply},
    marks::{Marks, Parked},
    query::Library,
    requests,
    shelf::{Shelf, ShelfError},
};

/// The name under which its progress is told.
pub const SEARCH: &str = "search";

/// How much is read at once, of each shard.
const BATCH: Limit = Limit {
    events: 2_000,
    bytes: 4 << 20,
};
/// How many changed entries wait in memory for a commit while the node catches up.
const MOST_CHANGED: usize = 20_000;
/// How long to wait for more when no hint comes, and before trying again.
const POLL: Duration = Duration::from_millis(250);
/// How long to let events gather behind a commit, which takes about as long for one as for hundreds, and is merged with others later.
const REST: Duration = Duration::from_millis(200);
/// How much longer, as long as nobody waits for what has happened.
const LONGER: Duration = Duration::from_millis(800);

/// Why a node stopped, or failed for now.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The index failed.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// The events could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// An index and how far it has come. One process writes to a folder; any number read.
pub struct Node {
    folder: PathBuf,
    shelf: Shelf,
    marks: Marks,
}

impl Node {
    /// Opens the index in a folder, or begins one there.
    ///
    /// # Errors
    /// If the folder can't be used, another process writes to it, or this version can't read it.
    pub fn open(folder: &Path) -> Result<Self, ShelfError> {
        let shelf = Shelf::open(folder)?;
        let marks = shelf.payload()?.unwrap_or_default();
        Ok(Self {
            folder: folder.to_owned(),
            shelf,
            marks,
        })
    }

    /// What answers queries.
    #[must_use]
    pub fn library(&self) -> Library {
        self.shelf.library()
    }

    /// How far the last commit had come, and what stood still.
    #[must_use]
    pub const fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Every stored entry; see [`Shelf::dump`].
    ///
    /// # Errors
    /// If the index can't be read.
    pub fn dump(&self) -> Result<Vec<String>, ShelfError> {
        self.shelf.dump()
    }

    /// Compares what the index remembers of the log with the log.
    ///
    /// # Errors
    /// [`Fault::Replaced`] if it is another log, or an older state of it.
    pub async fn check(&self, stream: &PgPool) -> Result<(), SourceError> {
        let known: Vec<_> = self
            .marks
            .read
            .iter()
            .map(|mark| (mark.cursor, mark.event_id))
            .collect();
        log::recognise(stream, &known).await
    }

    /// Keeps the index up to date until told to stop. It blocks while it writes: give it a thread of its own.
    ///
    /// # Errors
    /// Only what trying again can't mend.
    pub async fn run(mut self, feed: Arc<Feed>, progress: Arc<Progress>, stop: CancellationToken) -> Result<(), Fault> {
        let mut hints = feed.hints();
        self.retry_all(&feed).await;
        self.tell(&progress);
        while !stop.is_cancelled() {
            hints.mark_unchanged();
            if requests::take(&self.folder) {
                self.retry_all(&feed).await;
            }
            match self.step(&feed).await {
                Ok(0) => {
                    let more = timeout(POLL, hints.changed());
                    let _ = stop.run_until_cancelled(more).await;
                }
                Ok(_) => {
                    self.tell(&progress);
                    let _ = stop.run_until_cancelled(rest(&progress)).await;
                }
                Err(NodeError::Source(SourceError::Fault(fault))) => return Err(fault),
                Err(error) => {
                    tracing::warn!(%error, "the search index could not be brought up to date; trying again");
                    self.start_over();
                    let _ = stop.run_until_cancelled(sleep(POLL)).await;
                }
            }
        }
        Ok(())
    }

    /// What could not be applied may be mended, and a new build may understand what an older one could not.
    async fn retry_all(&mut self, feed: &Feed) {
        let held_back: Vec<_> = self.marks.parked.iter().map(|parked| parked.organization).collect();
        for organization in held_back {
            if let Err(error) = self.retry(feed, organization).await {
                tracing::warn!(%error, %organization, "what the search index held back could not be tried again");
            }
        }
    }

    /// Applies what there is, and commits it. Returns how many events that were.
    ///
    /// # Errors
    /// If the events can't be read or the index can't be written; what was not committed is read again.
    pub async fn step(&mut self, feed: &Feed) -> Result<usize, NodeError> {
        let mut applied = 0;
        loop {
            let entries = feed.read(&self.marks.cursors(), BATCH).await?;
            applied += entries.len();
            let _spans = trace::projecting(SEARCH, &entries);
            for entry in &entries {
                self.take(entry)?;
            }
            // Fewer than asked for: that was about all there was.
            if entries.len() < BATCH.events || self.shelf.changed() >= MOST_CHANGED {
                break;
            }
        }
        if applied > 0 {
            self.shelf.commit(&self.marks)?;
        }
        Ok(applied)
    }

    /// Applies what there is up to where another index stands, and commits it. Returns how many events that were.
    ///
    /// # Errors
    /// The same.
    pub async fn follow(&mut self, feed: &Feed, other: &Marks) -> Result<u64, NodeError> {
        let mut applied = 0;
        loop {
            let mut behind = self.marks.cursors();
            behind.retain(|cursor| cursor.position < other.cursor(cursor.shard).position);
            let mut entries = feed.read(&behind, BATCH).await?;
            entries.retain(|entry| entry.cursor.position <= other.cursor(entry.cursor.shard).position);
            for entry in &entries {
                self.take(entry)?;
            }
            applied += entries.len() as u64;
            if entries.is_empty() || self.shelf.changed() >= MOST_CHANGED {
                self.shelf.commit(&self.marks)?;
            }
            if entries.is_empty() {
                return Ok(applied);
            }
        }
    }

    fn take(&mut self, entry: &Entry) -> Result<(), ShelfError> {
        if !self.marks.is_parked(entry.tenant_id)
            && let Some(error) = self.refused(entry)?
        {
            self.marks.parked.push(Parked::at(entry, error));
        }
        self.marks.advance(entry.cursor, entry.event_id);
        Ok(())
    }

    /// Applies an event; the reason if it can't be, now or by the same code later.
    fn refused(&mut self, entry: &Entry) -> Result<Option<String>, ShelfError> {
        let fact = match &entry.content {
            Ok(fact) => fact,
            Err(error) => return Ok(Some(error.to_string())),
        };
        let happening = Happening {
            organization: fact.tenant_id,
            id: fact.aggregate_id,
            event: &fact.event,
        };
        match apply(&mut self.shelf, &happening) {
            Ok(()) => Ok(None),
            Err(unknown @ ShelfError::Unknown { .. }) => Ok(Some(unknown.to_string())),
            Err(error) => Err(error),
        }
    }

    /// Applies what was held back of an organization, from the event that could not be applied up to where its shard was
    /// read, and lifts the mark; or parks it again at the next event that can't be. Returns whether nothing is held back.
    ///
    /// # Errors
    /// If the events can't be read or the index can't be written; everything is as before then.
    pub async fn retry(&mut self, feed: &Feed, organization: OrganizationId) -> Result<bool, NodeError> {
        let Some(index) = self
            .marks
            .parked
            .iter()
            .position(|parked| parked.organization == organization)
        else {
            return Ok(true);
        };
        let parked = self.marks.parked.remove(index);
        let outcome = self.apply_held_back(feed, &parked).await;
        match outcome {
            Ok(()) => {
                self.shelf.commit(&self.marks)?;
                Ok(!self.marks.is_parked(organization))
            }
            Err(error) => {
                self.start_over();
                Err(error)
            }
        }
    }

    async fn apply_held_back(&mut self, feed: &Feed, parked: &Parked) -> Result<(), NodeError> {
        let end = self.marks.cursor(parked.cursor.shard);
        let mut cursor = Cursor {
            position: parked.cursor.position - 1,
            ..parked.cursor
        };
        while cursor.position < end.position {
            let entries = feed.read_again(cursor, BATCH).await?;
            let Some(last) = entries.last() else { break };
            cursor = last.cursor;
            let held_back = entries
                .iter()
                .filter(|entry| entry.tenant_id == parked.organization && entry.cursor.position <= end.position);
            for entry in held_back {
                if let Some(error) = self.refused(entry)? {
                    let again = entry.event_id == parked.event_id;
                    self.marks.parked.push(Parked {
                        attempts: if again { parked.attempts + 1 } else { 1 },
                        ..Parked::at(entry, error)
                    });
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Back to the last commit.
    fn start_over(&mut self) {
        self.shelf.roll_back();
        match self.shelf.payload() {
            Ok(marks) => self.marks = marks.unwrap_or_default(),
            Err(error) => tracing::warn!(%error, "the last commit of the search index can't be read"),
        }
    }

    fn tell(&self, progress: &Progress) {
        for mark in &self.marks.read {
            progress.passed(SEARCH, mark.cursor);
        }
    }
}

/// So that a search without a position finds what happened a second ago, and one with a position need not wait that long.
async fn rest(progress: &Progress) {
    sleep(REST).await;
    let _nobody_waits = timeout(LONGER, progress.is_waited_for(SEARCH)).await;
}

/// How far the last commit of the index in a folder had come, and what stood still; nothing if there is no index. Needs no lock.
///
/// # Errors
/// If the index can't be read.
pub fn marks_in(folder: &Path) -> Result<Marks, ShelfError> {
    Ok(Shelf::payload_in(folder)?.unwrap_or_default())
}

/// What stands still in the index of a folder; see [`marks_in`].
///
/// # Errors
/// The same.
pub fn parked_in(folder: &Path) -> Result<Vec<Parked>, ShelfError> {
    Ok(marks_in(folder)?.parked)
}

/// The index of a folder as of its last commit: how far it had come, and every stored entry, see [`Shelf::dump`]; `None` if there
/// is no index. Needs no lock.
///
/// # Errors
/// If the index can't be read.
pub fn contents_of(folder: &Path) -> Result<Option<(Marks, Vec<String>)>, ShelfError> {
    Shelf::contents_of(folder)
}

#[cfg(test)]
mod tests {
    use schemas::Shard;
    use streams::Waited;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_node_rests_for_a_second_unless_somebody_waits_for_it() {
        let progress = Progress::default();
        let began = Instant::now();
        rest(&progress).await;
        assert_eq!(began.elapsed(), REST + LONGER);

        let next = Cursor {
            position: 1,
            ..Cursor::start(Shard::new(3).unwrap())
        };
        let began = Instant::now();
        let committed = async {
            rest(&progress).await;
            progress.passed(SEARCH, next);
        };
        let (waited, ()) = tokio::join!(progress.wait_here(SEARCH, next, REST + LONGER), committed);
        assert_eq!((waited, began.elapsed()), (Waited::Passed, REST));
    }
}
