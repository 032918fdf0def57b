//! The wire contract: where events are kept, what a recorded event carries, and how other programs read it.

pub mod contract;
mod cursor;
mod domain_event;
mod position_token;
mod recorded;
mod shard;

pub use cursor::Cursor;
pub use domain_event::{DomainEvent, Misplaced};
pub use position_token::{NotAToken, PositionToken};
pub use recorded::{Metadata, Recorded};
pub use shard::{SHARDS, Shard, shard_of};

/// The channel on which PostgreSQL's `NOTIFY` says that events may have been appended; its payload means nothing.
pub const WAKE_CHANNEL: &str = "propertyos_events";
