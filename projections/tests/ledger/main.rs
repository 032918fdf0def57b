//! The ledger on a real server: events in the log, applied by the runner, read by the API's role.

#![allow(missing_docs, reason = "tests")]

mod office;
mod story;
mod support;

mod corrections;
mod laws;
mod parking;
mod reports;
mod tables;
