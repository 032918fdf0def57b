//! An event on its way to the projections, whether or not it could be read.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{ids::OrganizationId, registry::AnyEvent};
use schemas::{Cursor, Recorded};
use uuid::Uuid;

use crate::{Fact, Sequence, Unreadable};

/// An event of the log: what is known of every one, and what it says if that could be read.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it stands.
    pub cursor: Cursor,
    /// Its own id.
    pub event_id: Uuid,
    /// Whose it is.
    pub tenant_id: OrganizationId,
    /// Of which aggregate.
    pub aggregate_id: Uuid,
    /// The stored name.
    pub event_type: Arc<str>,
    /// When the log took it.
    pub recorded_at: DateTime<Utc>,
    /// How long its payload is.
    pub bytes: usize,
    /// What it says, or why that can't be read.
    pub content: Result<Arc<Fact>, Arc<Unreadable>>,
}

impl Entry {
    pub(crate) fn new(recorded: Recorded, event: Result<AnyEvent, Arc<Unreadable>>) -> Self {
        Self {
            cursor: recorded.cursor(),
            event_id: recorded.event_id,
            tenant_id: recorded.tenant_id,
            aggregate_id: recorded.aggregate_id,
            event_type: recorded.event_type.as_str().into(),
            recorded_at: recorded.recorded_at,
            bytes: recorded.payload.get().len(),
            content: event.map(|event| Arc::new(Fact::new(recorded, event))),
        }
    }

    /// What it must be applied in order with.
    #[must_use]
    pub fn sequence(&self, sequence: Sequence) -> SequenceId {
        SequenceId {
            tenant_id: self.tenant_id,
            id: match sequence {
                Sequence::Organization => self.tenant_id.0,
                Sequence::Aggregate => self.aggregate_id,
            },
        }
    }
}

/// Events of one organization that are applied in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SequenceId {
    /// Whose.
    pub tenant_id: OrganizationId,
    /// The organization's id, or an aggregate's.
    pub id: Uuid,
}
