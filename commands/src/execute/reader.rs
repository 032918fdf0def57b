//! Brings an organization's aggregates from memory and from the log.

use std::sync::Arc;

use domain::{Root, ids::OrganizationId, registry::Decoder};
use sqlx::PgConnection;

use super::{
    bulk::Whole,
    cache::{AnyState, Known, States},
};
use crate::log::{ReadError, Snapshot, StoredEvent, StreamId};

/// How current a state must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// As it was when it was last used, if it was: an append finds out whether it still is.
    Remembered,
    /// As the log has it now; all states that one reader brings are of the same moment.
    Current,
}

/// What is known without asking the log.
pub(super) enum Memory<'c> {
    /// States used lately, from which others may have moved on.
    Cache(&'c States, Freshness),
    /// What a bulk load, which is alone, has decided: it is current, and all there is.
    Whole(&'c mut Whole),
}

/// Reads one organization's aggregates.
pub(super) struct Reader<'c> {
    pub(super) organization: OrganizationId,
    pub(super) memory: Memory<'c>,
    pub(super) snapshot: Snapshot<'c>,
    pub(super) decoder: &'c Decoder,
}

impl Reader<'_> {
    /// An aggregate, and whether that is from memory alone and may be no longer so.
    pub(super) async fn aggregate<A: Root>(&mut self, stream: StreamId) -> Result<(Known, bool), ReadError> {
        let remembered = match &mut self.memory {
            Memory::Cache(states, freshness) => {
                let remembered = states.get(self.organization, stream);
                if let (Some(known), Freshness::Remembered) = (&remembered, freshness) {
                    return Ok((known.clone(), true));
                }
                remembered
            }
            Memory::Whole(whole) => {
                if let Some(known) = whole.find::<A>(stream) {
                    return Ok((known, false));
                }
                whole.settle().await?;
                None
            }
        };
        let known = remembered.unwrap_or_else(nothing::<A>);
        let events = self.snapshot.events_after(stream, known.sequence).await?;
        if events.is_empty() {
            return Ok((known, false));
        }
        let known = advance::<A>(self.decoder, &known, &events)?;
        if let Memory::Cache(states, _) = &self.memory {
            states.put(self.organization, stream, known.clone());
        }
        Ok((known, false))
    }

    /// Whether an aggregate that begins is asked for all the same.
    pub(super) fn asks_first(&self) -> bool {
        !matches!(self.memory, Memory::Cache(_, Freshness::Remembered))
    }

    /// A connection that sees the organization's rows, with all that was decided before.
    pub(super) async fn connection(&mut self) -> Result<&mut PgConnection, ReadError> {
        if let Memory::Whole(whole) = &mut self.memory {
            whole.settle().await?;
        }
        Ok(self.snapshot.connection().await?)
    }
}

/// Applies stored events to a state of a stream's type.
pub(super) type Advance = fn(&Decoder, &Known, &[StoredEvent]) -> Result<Known, ReadError>;

/// See [`Advance`]. States are always made from what is stored, so that one that was remembered is the one that would be read.
pub(super) fn advance<A: Root>(decoder: &Decoder, base: &Known, events: &[StoredEvent]) -> Result<Known, ReadError> {
    let mut state = A::clone(&typed(&base.state));
    let mut known = base.clone();
    for event in events {
        state.apply(decoder.decode_as(&event.event_type, event.event_version, &event.payload)?);
        known.sequence = event.sequence;
        known.bytes += event.payload.len();
    }
    known.at_rest = state.is_at_rest();
    known.state = Arc::new(state);
    Ok(known)
}

/// An aggregate before its first event.
pub(super) fn nothing<A: Root>() -> Known {
    Known {
        state: Arc::new(A::default()),
        sequence: 0,
        bytes: 0,
        at_rest: false,
    }
}

/// A stream's id names the type of its state, so it is never another.
pub(super) fn typed<A: Root>(state: &AnyState) -> Arc<A> {
    state.clone().downcast().unwrap_or_default()
}
