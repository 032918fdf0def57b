//! The write side: the event log, and how commands are carried out.

pub mod execute;
pub mod handlers;
pub mod log;
mod metrics;
mod repository;
#[cfg(test)]
mod testing;
pub mod tick;

use store::Migration;

pub use metrics::Metrics;
pub use repository::LogRepository;

/// The schema of the log, after [`store::MIGRATIONS`].
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0001_events",
        sql: include_str!("../migrations/0001_events.sql"),
    },
    Migration {
        name: "0002_epochs",
        sql: include_str!("../migrations/0002_epochs.sql"),
    },
    Migration {
        name: "0003_append",
        sql: include_str!("../migrations/0003_append.sql"),
    },
    Migration {
        name: "0004_append_in_fewer_steps",
        sql: include_str!("../migrations/0004_append_in_fewer_steps.sql"),
    },
    Migration {
        name: "0005_bulk_append",
        sql: include_str!("../migrations/0005_bulk_append.sql"),
    },
    Migration {
        name: "0006_append_on_trust",
        sql: include_str!("../migrations/0006_append_on_trust.sql"),
    },
    Migration {
        name: "0007_append_together",
        sql: include_str!("../migrations/0007_append_together.sql"),
    },
];
