//! property

mod events;

pub use events::*;
