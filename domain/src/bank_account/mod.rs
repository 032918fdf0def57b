//! bank_account

mod events;

pub use events::*;
