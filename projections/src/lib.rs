//! The read models: one folder each.

pub mod dashboard;
pub mod directory;
pub mod ledger;
pub mod search;
