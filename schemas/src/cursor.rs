//! A place in the log.

use serde::{Deserialize, Serialize};

use crate::Shard;

/// How far something has read a shard: all events up to `position` are behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cursor {
    /// The life of the log that the position was read in: a restored log begins a new one.
    pub epoch: i32,
    /// The part of the log.
    pub shard: Shard,
    /// The last position behind it; 0 before the first.
    pub position: i64,
}

impl Cursor {
    /// Before the first event of a shard.
    #[must_use]
    pub const fn start(shard: Shard) -> Self {
        Self {
            epoch: 1,
            shard,
            position: 0,
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}@{}", self.shard, self.position, self.epoch)
    }
}
