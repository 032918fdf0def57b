//! unit

mod events;

pub use events::*;
