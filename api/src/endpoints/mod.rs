//! One file for each endpoint: what it is asked, what it answers, and how.

pub mod platform;
