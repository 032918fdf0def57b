//! vendor

mod events;

pub use events::*;
