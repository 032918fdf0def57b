//! The commands of operations, carried out against a real PostgreSQL, alone and all at once.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod erasure;
mod leases;
mod maintenance;
mod payments;
mod property;
mod support;
mod tenancies;
mod time;
mod vendors;
