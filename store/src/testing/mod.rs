//! Real databases for tests: a fresh one for each test, copied from a template, on a server that the tests share; or a
//! server of one's own.
//!
//! A test that gets no server fails: none skips itself.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod database;
mod disk;
mod server;

pub use database::TestDatabase;
pub use server::TestServer;
