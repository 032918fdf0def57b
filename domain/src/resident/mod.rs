//! resident

mod events;

pub use events::*;
