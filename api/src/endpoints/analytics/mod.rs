//! How the portfolio does.

pub mod dashboard;
