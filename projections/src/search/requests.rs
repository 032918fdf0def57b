//! How an index is told to try again what stands still in it: by a file in its folder, since only the process that keeps an index
//! may write to it.

use std::{fs, path::Path, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    marks::Parked,
    node::parked_in,
    shelf::{Shelf, ShelfError},
};

const REQUEST: &str = "retry";
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retry {
    /// Nothing stood still.
    NotParked,
    /// It was tried; this stands still now.
    Tried(Vec<Parked>),
    /// No process keeps the index just now. The next that does tries first of all.
    NotKept,
    /// The process that keeps it didn't answer in time; it will try.
    Asked,
}

/// Has what stands still in the index of a folder tried again by the process that keeps it, and waits for that at most so long.
///
/// # Errors
/// If the index can't be read, or nothing can be left in the folder.
pub async fn retry_in(folder: &Path, at_most: Duration) -> Result<Retry, ShelfError> {
    let before = parked_in(folder)?;
    if before.is_empty() {
        return Ok(Retry::NotParked);
    }
    if !Shelf::is_kept(folder)? {
        return Ok(Retry::NotKept);
    }
    fs::write(folder.join(REQUEST), "").map_err(tantivy::TantivyError::from)?;
    let until = Instant::now() + at_most;
    while Instant::now() < until {
        // Each attempt is counted, so whatever comes of one shows.
        let now = parked_in(folder)?;
        if !now.iter().any(|parked| before.contains(parked)) {
            return Ok(Retry::Tried(now));
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(Retry::Asked)
}

/// Whether it was asked for, since this was asked last.
pub(super) fn take(folder: &Path) -> bool {
    fs::remove_file(folder.join(REQUEST)).is_ok()
}
