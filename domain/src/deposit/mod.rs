//! deposit

mod events;

pub use events::*;
