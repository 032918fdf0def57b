//! States of aggregates, kept between commands.
//!
//! Nothing depends on it being current: what a decision read is an expectation of the append, so a state that others have
//! moved on from can only conflict.

use std::{any::Any, sync::Arc};

use domain::ids::OrganizationId;
use moka::sync::Cache;

use crate::log::StreamId;

/// A state of some aggregate.
pub(super) type AnyState = Arc<dyn Any + Send + Sync>;

/// An aggregate as it was at a sequence of its stream.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) state: AnyState,
    pub(super) sequence: i64,
    /// Bytes of the events it is made of: about what it takes, and not less for a state that forgets.
    pub(super) bytes: usize,
    /// See [`domain::Root::is_at_rest`].
    pub(super) at_rest: bool,
}

/// The states known, up to a size.
pub(super) struct States(Cache<(OrganizationId, StreamId), Known>);

/// What an entry takes beside its state.
const ENTRY: usize = 256;

impl States {
    pub(super) fn new(max_bytes: u64) -> Self {
        Self(
            Cache::builder()
                .max_capacity(max_bytes)
                .weigher(|_, known: &Known| u32::try_from(known.bytes + ENTRY).unwrap_or(u32::MAX))
                .build(),
        )
    }

    pub(super) fn get(&self, organization: OrganizationId, stream: StreamId) -> Option<Known> {
        self.0.get(&(organization, stream))
    }

    pub(super) fn put(&self, organization: OrganizationId, stream: StreamId, known: Known) {
        self.0.insert((organization, stream), known);
    }

    pub(super) fn forget(&self) {
        self.0.invalidate_all();
    }
}
