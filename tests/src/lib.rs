//! Runs the real binary as people run it: in a folder of its own, as a process that can be asked, stopped and killed.

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod installation;
pub mod plans;
pub mod questions;
mod serving;
pub mod sources;

pub use installation::Installation;
pub use serving::Serving;
