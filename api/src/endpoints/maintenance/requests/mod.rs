//! Maintenance requests: someone reports that something is wrong.

pub mod assign;
pub mod decline;
pub mod get;
pub mod list;
pub mod reopen;
pub mod resolve;
pub mod submit;
pub mod triage;
