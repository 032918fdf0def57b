//! clock

mod events;

pub use events::*;
