//! The promises of the log, against a real PostgreSQL.

mod append;
mod support;
