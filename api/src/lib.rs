//! HTTP, the command line and the one binary of PropertyOS.

#![allow(
    clippy::result_large_err,
    reason = "a problem is made once for a request, and then it is the answer"
)]

pub mod app;
pub mod auth;
pub mod background;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod endpoints;
pub mod http;
pub mod import;
pub mod installation;
pub mod logging;
pub mod metrics;
pub mod openapi;
pub mod organizations;
pub mod process;
pub mod routes;
pub mod ticker;
pub mod vitals;

/// A request takes and gives back hundreds of small pieces of memory: with the allocator of the C library that was a quarter of the
/// API's processor time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
