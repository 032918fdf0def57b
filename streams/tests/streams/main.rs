//! The pipe from the log to read models, against a real server.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod faults;
mod leases;
mod parking;
mod reading;
mod rebuilding;
mod relaying;
mod running;
mod support;
mod tally;
mod topic;
mod topical;
