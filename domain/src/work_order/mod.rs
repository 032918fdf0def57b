//! work_order

mod events;

pub use events::*;
