//! The search index of a node, which lies in a folder and not in the database.

use std::{
    io,
    path::{Path, PathBuf},
    time::Instant,
};

use futures::stream;
use projections::search::{Node, NodeError, ShelfError, contents_of};
use sqlx::PgPool;
use store::personal::PersonalData;
use streams::{
    Feed, LogSource, Reader,
    verify::{Comparison, Verified},
};

/// Why an index could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum VerifySearchError {
    /// There is none in this folder.
    #[error("there is no search index in {}: `search_dir` says where this machine's process keeps it", .0.display())]
    NoIndex(PathBuf),
    /// Events are parked: it isn't complete, and doesn't say that it is.
    #[error("{0} organizations stand still: `propertyos parked retry` them first")]
    Incomplete(usize),
    /// The first event can't be applied.
    #[error("{event_type} {event} can't be applied: {reason}")]
    Poison {
        /// Which event.
        event: uuid::Uuid,
        /// Its name.
        event_type: String,
        /// Why it can't.
        reason: String,
    },
    /// An index can't be read or written.
    #[error(transparent)]
    Index(#[from] ShelfError),
    /// The log can't be read, or the index can't be written.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// There is no room for another index.
    #[error("no folder for another index")]
    Folder(#[from] io::Error),
}

/// The whole index in a folder, as of its last commit: every entry on a line of its own.
///
/// # Errors
/// If it can't be read.
pub fn dump_search(folder: &Path) -> Result<String, ShelfError> {
    let (_, lines) = contents_of(folder)?.unwrap_or_default();
    Ok(lines.into_iter().flat_map(|line| [line, "\n".to_owned()]).collect())
}

/// Makes the index in a folder again from the log, up to where that one stands, in a temporary folder, and compares
/// the two entry by entry.
///
/// # Errors
/// An index that is incomplete; an event that can't be applied; an index or log that can't be read.
pub async fn verify_search(
    stream_pool: &PgPool,
    personal: &PersonalData,
    folder: &Path,
) -> Result<Verified, VerifySearchError> {
    let start = Instant::now();
    let (marks, found) = contents_of(folder)?.ok_or_else(|| VerifySearchError::NoIndex(folder.to_owned()))?;
    if !marks.parked.is_empty() {
        return Err(VerifySearchError::Incomplete(marks.parked.len()));
    }
    let scratch = tempfile::TempDir::with_prefix("propertyos-again-")?;
    let reader = Reader::new(stream_pool.clone(), personal.clone());
    let feed = Feed::new(LogSource::new(stream_pool.clone()), reader);
    let mut node = Node::open(scratch.path())?;
    let events = node.follow(&feed, &marks).await?;
    if let Some(parked) = node.marks().parked.first() {
        return Err(VerifySearchError::Poison {
            event: parked.event_id,
            event_type: parked.event_type.clone(),
            reason: parked.error.clone(),
        });
    }
    let mut comparison = Comparison::default();
    let rows = |lines: Vec<String>| stream::iter(lines.into_iter().map(Ok::<_, ShelfError>));
    comparison.compare("entries", rows(found), rows(node.dump()?)).await?;
    Ok(Verified {
        events,
        comparison,
        took: start.elapsed(),
    })
}
