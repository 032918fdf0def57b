//! What the business has decided and why: aggregates, their facts, their refusals.
//!
//! Nothing here reads a clock, draws a random number or does I/O.

#[macro_use]
mod event;
#[macro_use]
mod refusals;
#[macro_use]
mod root;

pub mod context;
pub mod ids;
pub mod input;
pub mod money;
pub mod personal;
pub mod registry;
pub mod settings;
pub mod sla;
pub mod span;

pub mod bank_account;
pub mod claim;
pub mod clock;
pub mod decisions;
pub mod deposit;
pub mod lease;
pub mod maintenance_request;
pub mod organization;
pub mod payment;
pub mod postings;
pub mod property;
pub mod resident;
pub mod unit;
pub mod vendor;
pub mod work_order;

pub use event::EventSet;
pub use refusals::{Nature, Refusal, Refuse};
pub use root::Root;
