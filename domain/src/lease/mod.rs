//! lease

mod events;

pub use events::*;
