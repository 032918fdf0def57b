//! Real databases for tests: a fresh one for each test, copied from a template, on a server that the tests share; or a
//! server of one's own.
//!
//! A test that gets no server fails: none skips itself.

mod database;
mod server;

pub use database::TestDatabase;
pub use server::TestServer;
