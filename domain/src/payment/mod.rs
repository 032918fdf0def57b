//! payment

mod events;

pub use events::*;
