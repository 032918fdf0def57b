//! The pipe from the log to the read models: what hands out events, what runs projections over them exactly once, and what
//! happens to an event that can't be applied.

mod apply;
mod checkpoint;
mod connection;
mod dump;
mod entry;
mod fact;
mod failure;
mod feed;
pub mod kafka;
pub mod log;
mod log_source;
pub mod node;
pub mod parked;
pub mod progress;
mod projection;
pub mod read_models;
mod reader;
pub mod rebuild;
pub mod relay;
mod runner;
mod source;
mod task_lease;
mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod trace;
pub mod verify;

use store::Migration;

pub use checkpoint::Version;
pub use dump::dump;
pub use entry::{Entry, SequenceId};
pub use fact::Fact;
pub use feed::Feed;
pub use log_source::LogSource;
pub use progress::{Lag, Progress, Waited};
pub use projection::{ApplyError, Projection, Sequence};
pub use read_models::{InstallError, install};
pub use reader::{Reader, Unreadable};
pub use rebuild::rebuild;
pub use runner::{Runner, RunnerError, Settings};
pub use source::{Batch, Fault, Limit, Source, SourceError};
pub use task_lease::TaskLease;
pub use telemetry::{Health, State, Telemetry};
pub use verify::verify;

/// The schema that this crate needs, under its name.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0001_read_models",
        sql: include_str!("../migrations/0001_read_models.sql"),
    },
    Migration {
        name: "0002_sharing",
        sql: include_str!("../migrations/0002_sharing.sql"),
    },
    Migration {
        name: "0003_nodes",
        sql: include_str!("../migrations/0003_nodes.sql"),
    },
];
