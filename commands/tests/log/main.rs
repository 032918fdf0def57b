//! The promises of the log, against a real PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod append;
mod batches;
mod bulk;
mod bulk_append;
mod epochs;
mod execute;
mod hints;
mod history;
mod idempotence;
mod isolation;
mod law;
mod office;
mod personal;
mod plans;
mod repository;
mod restart;
mod retries;
mod support;
mod tail;
mod together;
mod trust;
