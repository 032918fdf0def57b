//! The read models: one folder each.

pub mod search;
