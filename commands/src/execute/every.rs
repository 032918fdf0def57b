//! Brings all of an organization's aggregates of a type.

use std::collections::HashMap;

use domain::{Root, ids::OrganizationId, registry::Decoder};
use uuid::Uuid;

use super::{
    cache::{Known, States},
    reader::{advance, nothing},
};
use crate::log::{ReadError, Snapshot, StoredEvent, StreamId};

/// How many streams are asked for at once.
const PAGE: i64 = 1_000;

/// Reads them from the log, as far as they are not remembered.
pub(super) struct Every<'c> {
    pub(super) organization: OrganizationId,
    pub(super) states: &'c States,
    pub(super) snapshot: Snapshot<'c>,
    pub(super) decoder: &'c Decoder,
}

impl Every<'_> {
    /// Every aggregate of a type, as the log has it now, by id: a question for each [`PAGE`] of them.
    pub(super) async fn of<A: Root>(&mut self) -> Result<Vec<(A::Id, Known)>, ReadError> {
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
