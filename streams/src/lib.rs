//! The pipe from the log to the read models: what hands out events, what runs projections over them exactly once, and what
//! happens to an event that can't be applied.

mod fact;
mod projection;
mod source;

pub use fact::Fact;
pub use projection::{ApplyError, Projection, Sequence};
pub use source::{Batch, Fault, Limit, Source, SourceError};
