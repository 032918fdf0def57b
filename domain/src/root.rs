//! What `commands` needs to know of an aggregate besides what cqrs-es asks.

use cqrs_es::Aggregate;
use uuid::Uuid;

use crate::{context::Context, event::EventSet};

/// The root of an aggregate: it has an id of its own type and is decided with a [`Context`].
///
/// Its default is the state before its first event.
pub trait Root: Aggregate<Services = Context, Event: EventSet> + Clone + 'static {
    /// Names one.
    type Id: Copy + Into<Uuid> + From<Uuid> + Send + Sync + std::fmt::Display;
}
