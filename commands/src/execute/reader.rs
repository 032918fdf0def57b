//! Brings an organization's aggregates from memory and from the log.

use std::{collections::HashMap, sync::Arc};

use domain::{Root, ids::OrganizationId, registry::Decoder};
use uuid::Uuid;

use super::cache::{AnyState, Known, States};
use crate::log::{ReadError, Snapshot, StoredEvent, StreamId};

/// How current a state must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// As it was when it was last used, if it was: an append finds out whether it still is.
    Remembered,
    /// As the log has it now; all states that one reader brings are of the same moment.
    Current,
}

/// Reads one organization's aggregates.
pub(super) struct Reader<'c> {
    pub(super) organization: OrganizationId,
    pub(super) freshness: Freshness,
    pub(super) snapshot: Snapshot<'c>,
    pub(super) states: &'c States,
    pub(super) decoder: &'c Decoder,
}

impl Reader<'_> {
    /// An aggregate, and whether that is from memory alone.
    pub(super) async fn aggregate<A: Root>(&mut self, stream: StreamId) -> Result<(Known, bool), ReadError> {
        let remembered = self.states.get(self.organization, stream);
        if let Some(known) = &remembered
            && self.freshness == Freshness::Remembered
        {
            return Ok((known.clone(), true));
        }
        let known = remembered.unwrap_or_else(nothing::<A>);
        let events = self.snapshot.events_after(stream, known.sequence).await?;
        if events.is_empty() {
            return Ok((known, false));
        }
        let known = advance::<A>(self.decoder, &known, &events)?;
        self.states.put(self.organization, stream, known.clone());
        Ok((known, false))
    }
}

/// How many streams are asked for at once.
const PAGE: i64 = 1_000;

impl Reader<'_> {
    /// Every aggregate of a type, as the log has it now, by id: a question for each [`PAGE`] of them.
    pub(super) async fn every<A: Root>(&mut self) -> Result<Vec<(A::Id, Known)>, ReadError> {
        let mut every = Vec::new();
        let mut last = None;
        loop {
            let ids = self.snapshot.streams_of_type(A::TYPE, last, PAGE).await?;
            let Some(end) = ids.last() else { return Ok(every) };
            last = Some(*end);
            every.extend(self.page::<A>(&ids).await?);
        }
    }

    async fn page<A: Root>(&mut self, ids: &[Uuid]) -> Result<Vec<(A::Id, Known)>, ReadError> {
        let mut page = Vec::with_capacity(ids.len());
        for id in ids {
            let stream = StreamId::of::<A>((*id).into());
            let known = self.states.get(self.organization, stream).unwrap_or_else(nothing::<A>);
            page.push((*id, known));
        }
        let behind: Vec<(Uuid, i64)> = page.iter().map(|(id, known)| (*id, known.sequence)).collect();
        let mut news: HashMap<Uuid, Vec<StoredEvent>> = HashMap::new();
        for (id, event) in self.snapshot.events_after_all(A::TYPE, &behind).await? {
            news.entry(id).or_default().push(event);
        }
        for (id, known) in &mut page {
            if let Some(events) = news.get(id) {
                *known = advance::<A>(self.decoder, known, events)?;
                self.states
                    .put(self.organization, StreamId::of::<A>((*id).into()), known.clone());
            }
        }
        Ok(page.into_iter().map(|(id, known)| (id.into(), known)).collect())
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
    known.state = Arc::new(state);
    Ok(known)
}

/// An aggregate before its first event.
pub(super) fn nothing<A: Root>() -> Known {
    Known {
        state: Arc::new(A::default()),
        sequence: 0,
        bytes: 0,
    }
}

/// A stream's id names the type of its state, so it is never another.
pub(super) fn typed<A: Root>(state: &AnyState) -> Arc<A> {
    state.clone().downcast().unwrap_or_default()
}
