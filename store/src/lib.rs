//! PostgreSQL as PropertyOS uses it: roles and their pools, migrations, the one function that sets the organization,
//! the keys of personal data, and the private server of a machine that has none.

mod availability;
pub mod data_folder;
pub mod migrations;
pub mod organization;
pub mod personal;
mod pools;
pub mod private_server;
pub mod roles;
pub mod secrets;
mod server;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use availability::is_unavailable;
pub use migrations::{Migration, MigrationSet};
pub use pools::{BadUrl, ConnectError, ConnectionSettings, OLDEST_SERVER, Pools, connect, is_there};
pub use server::ServerError;

/// The schema that this crate needs, under its name.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "0001_isolation",
        sql: include_str!("migrations/0001_isolation.sql"),
    },
    Migration {
        name: "0002_personal_keys",
        sql: include_str!("migrations/0002_personal_keys.sql"),
    },
    Migration {
        name: "0003_secret_fingerprints",
        sql: include_str!("migrations/0003_secret_fingerprints.sql"),
    },
];
