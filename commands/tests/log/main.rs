//! The promises of the log, against a real PostgreSQL.

mod append;
mod batches;
mod history;
mod idempotence;
mod isolation;
mod law;
mod support;
mod tail;
