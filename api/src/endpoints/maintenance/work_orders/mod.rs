//! Work orders: one repair each, from its creation to its completion.

pub mod assign;
pub mod cancel;
pub mod complete;
pub mod create;
pub mod estimate;
pub mod finish;
pub mod get;
pub mod list;
pub mod pause;
pub mod reopen;
pub mod request_estimate;
pub mod resume;
pub mod schedule;
