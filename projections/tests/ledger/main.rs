//! The ledger on a real server: events in the log, applied by the runner, read by the API's role.

#![allow(missing_docs, reason = "tests")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(clippy::from_iter_instead_of_collect, reason = "what is expected reads as a table")]

mod office;
mod story;
mod support;

mod corrections;
mod laws;
mod parking;
mod reports;
mod tables;
