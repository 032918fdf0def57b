//! The events of a source, decoded once for all readers of a process.

use std::collections::VecDeque;

use schemas::{Cursor, SHARDS};
use tokio::sync::{Mutex, watch};

use crate::{Entry, Limit, Reader, Source, SourceError};

/// Where projections, the search index and whoever else reads events in this process get them. Readers that are about as far
/// as each other share what was fetched and decoded.
pub struct Feed {
    hints: watch::Receiver<()>,
    reader: Reader,
    // One reader at a time: whoever waits finds in the windows what was fetched meanwhile.
    shared: Mutex<Shared>,
}

struct Shared {
    source: Box<dyn Source>,
    windows: [Window; SHARDS as usize],
}

impl Feed {
    /// Hands out the events of this source as this reader understands them.
    #[must_use]
    pub fn new(source: impl Source + 'static, reader: Reader) -> Self {
        Self {
            hints: source.hints(),
            reader,
            shared: Mutex::new(Shared {
                source: Box::new(source),
                windows: Default::default(),
            }),
        }
    }

    /// Something of what follows these cursors, unless nothing does: in each shard in the order of the log, without a gap. Answers
    /// at once, also with nothing. The limit is for each shard.
    ///
    /// # Errors
    /// As the source's.
    pub async fn read(&self, cursors: &[Cursor], limit: Limit) -> Result<Vec<Entry>, SourceError> {
        let mut shared = self.shared.lock().await;
        let Shared { source, windows } = &mut *shared;
        let mut entries = Vec::new();
        for cursor in cursors {
            entries.extend(windows[cursor.shard.index()].behind(*cursor, limit));
        }
        // Whoever has read all that the windows hold fetches for every shard: none is left waiting for long.
        if entries.is_empty() {
            for batch in source.fetch(cursors, limit).await? {
                let read = self.reader.read(batch.events).await?;
                windows[batch.shard.index()].remember(&read);
                entries.extend(read);
            }
        }
        Ok(entries)
    }

    /// What follows a cursor in the log as it is now, whatever was read before: an event that is tried again may have been mended.
    ///
    /// # Errors
    /// When the log can't be read.
    pub async fn read_again(&self, after: Cursor, limit: Limit) -> Result<Vec<Entry>, SourceError> {
        self.reader.tail(after, limit).await
    }

    /// Changes when there may be more to read; a hint only.
    #[must_use]
    pub fn hints(&self) -> watch::Receiver<()> {
        self.hints.clone()
    }
}

/// How much of each shard is kept for slower readers, in bytes of payload.
const WINDOW_BYTES: usize = 2 << 20;

/// The unbroken run of a shard's events that was read last.
#[derive(Default)]
struct Window {
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Window {
    /// What it holds of the run that begins right behind the cursor.
    fn behind(&self, cursor: Cursor, limit: Limit) -> impl Iterator<Item = Entry> {
        let first = self.entries.front().map_or(0, |entry| entry.cursor.position);
        let skip = usize::try_from(cursor.position + 1 - first).ok();
        let mut bytes = 0;
        skip.into_iter()
            .flat_map(|skip| self.entries.iter().skip(skip))
            .take(limit.events)
            .take_while(move |entry| {
                let fits = bytes < limit.bytes;
                bytes += entry.bytes;
                fits
            })
            .cloned()
    }

    /// Adds what was read if it goes on from here; takes it instead if it lies farther on. What lies before is a slower
    /// reader's own affair.
    fn remember(&mut self, read: &[Entry]) {
        let last = self.entries.back().map_or(0, |entry| entry.cursor.position);
        match read.first() {
            Some(first) if first.cursor.position > last => {
                if first.cursor.position != last + 1 {
                    *self = Self::default();
                }
            }
            _ => return,
        }
        self.bytes += read.iter().map(|entry| entry.bytes).sum::<usize>();
        self.entries.extend(read.iter().cloned());
        while self.bytes > WINDOW_BYTES
            && let Some(oldest) = self.entries.pop_front()
        {
            self.bytes -= oldest.bytes;
        }
    }
}
