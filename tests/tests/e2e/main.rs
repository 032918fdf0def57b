//! One binary for all tests of the whole, so that it is linked once. A topic is a module.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod bulk;
mod deployment;
mod endpoints;
mod kill;
mod layers;
mod load;
mod operating;
mod organization_setting;
mod outside_database;
mod plans;
mod poison;
mod processes;
mod restarts;
mod simulation;
mod start;
mod streaming;
mod tracing;
mod verify;

/// The binary under test.
const PROPERTYOS: &str = env!("CARGO_BIN_EXE_propertyos-under-test");
