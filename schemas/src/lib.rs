//! The wire contract: where events are kept, what a recorded event carries, and how other programs read it.

mod cursor;
mod recorded;
mod shard;

pub use cursor::Cursor;
pub use recorded::{Metadata, Recorded};
pub use shard::{SHARDS, Shard, shard_of};
