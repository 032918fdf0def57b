//! Search.

pub mod find;
