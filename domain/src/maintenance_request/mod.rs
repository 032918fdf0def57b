//! maintenance_request

mod events;

pub use events::*;
