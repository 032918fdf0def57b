//! The read models: one folder each.

pub mod dashboard;
pub mod search;
