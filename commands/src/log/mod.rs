//! The event log: appending to it, and reading streams back.
//!
//! Invariants, kept by the database and not by this code: positions are dense per shard and follow the order of commits; a
//! command's events are all there or none; nothing that was written changes.

mod batch;
mod bulk;
mod call;
pub mod epoch;
mod event_log;
mod lane;
mod read;
mod together;
mod trouble;
mod types;
mod wake;
mod writers;

pub(crate) use bulk::BulkLog;
pub use event_log::{EventLog, heads};
pub(crate) use read::{Snapshot, StoredEvent, Trace};
pub use trouble::ReadError;
pub use types::{AppendError, Appended, MAX_EVENT_BYTES, NewCommand, NewEvent, StreamId};
