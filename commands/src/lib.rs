//! The write side: the event log, and how commands are carried out.

pub mod execute;
pub mod handlers;
pub mod log;
