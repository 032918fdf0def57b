//! organization

mod events;

pub use events::*;
