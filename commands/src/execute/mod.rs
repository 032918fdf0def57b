//! Carrying out commands: load what a decision rests on, decide, append once.

mod before;
mod bulk;
mod cache;
mod canonical;
mod carry_out;
mod commands;
mod decider;
mod error;
mod every;
mod invocation;
mod reader;
mod receipt;
mod seal;
mod work;

use serde::Serialize;

pub use bulk::{Bulk, BulkError};
pub use carry_out::{Aggregates, CarryOut};
pub use commands::Commands;
pub use error::{Decline, ExecuteError, InternalError};
pub use invocation::Invocation;
pub use receipt::{Receipt, Written};
pub use work::{Loaded, Work};

/// Something that can be asked for. Its JSON is what a retry is recognised by: it carries all that the decision depends on.
pub trait Command: Serialize + Send + Sync {
    /// Its stable name, such as `assign_vendor`.
    const NAME: &'static str;

    /// Loads what the decision rests on, decides, and records what happened: at least one event. It may be called several
    /// times for one command, and must decide the same on the same states.
    ///
    /// # Errors
    /// A refusal of the domain, or a stream that can't be read.
    fn decide(&self, work: &mut Work<'_>) -> impl Future<Output = Result<(), Decline>> + Send;

    /// Whether it is about the organization itself, so that it is also carried out for one that is new or suspended.
    fn is_about_the_organization(&self) -> bool {
        false
    }
}
