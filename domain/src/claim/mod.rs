//! claim

mod events;

pub use events::*;
