//! What a bulk load has decided: the log that it fills, and the states of the aggregates in it.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use chrono::{DateTime, NaiveDate, Utc};
use domain::Root;
use uuid::Uuid;

use crate::{
    execute::{
        Aggregates,
        cache::Known,
        reader::{nothing, typed},
    },
    log::{AppendError, BulkLog, NewCommand, ReadError, StreamId},
};

/// One organization from its beginning. What is not remembered is in the log that it fills, or isn't there.
pub(in crate::execute) struct Whole {
    pub(super) log: BulkLog,
    states: HashMap<&'static str, HashMap<Uuid, Held>>,
    /// What came to rest, in this order, and how many events there were then.
    resting: VecDeque<(u64, StreamId)>,
    /// What is at rest is remembered for so many events.
    kept_for: u64,
    /// When the organization began to keep its business here.
    pub(super) begun: Option<NaiveDate>,
}

struct Held {
    known: Known,
    /// When the latest of it occurred; unknown if a part was read back.
    latest: Option<DateTime<Utc>>,
    /// How many events there were with the last of it.
    events: u64,
}

impl Whole {
    pub(super) fn new(log: BulkLog, kept_for: u64) -> Self {
        Self {
            log,
            states: HashMap::new(),
            resting: VecDeque::new(),
            kept_for,
            begun: None,
        }
    }

    /// An aggregate, unless only the log knows it.
    pub(in crate::execute) fn find<A: Root>(&self, stream: StreamId) -> Option<Known> {
        match self.held(stream) {
            Some(held) => Some(held.known.clone()),
            None if self.log.has(stream) => None,
            None => Some(nothing::<A>()),
        }
    }

    /// An aggregate as it was before an instant, unless only the log knows that.
    pub(super) fn find_before<A: Root>(&self, stream: StreamId, instant: DateTime<Utc>) -> Option<Arc<A>> {
        match self.held(stream) {
            Some(held) if held.latest.is_some_and(|latest| latest < instant) => Some(typed(&held.known.state)),
            Some(_) => None,
            None if self.log.has(stream) => None,
            None => Some(Arc::default()),
        }
    }

    /// Every aggregate of a type that is not at rest, by id.
    pub(super) fn awake<A: Root>(&self) -> Aggregates<A> {
        let of_type = self.states.get(A::TYPE).into_iter().flatten();
        let mut awake: Vec<_> = of_type.filter(|(_, held)| !held.known.at_rest).collect();
        awake.sort_unstable_by_key(|(id, _)| **id);
        let typed = |(id, held): (&Uuid, &Held)| ((*id).into(), typed(&held.known.state));
        awake.into_iter().map(typed).collect()
    }

    /// Has a command written, which leads to these states.
    pub(super) async fn append(
        &mut self,
        command: NewCommand,
        states: Vec<(StreamId, Known)>,
    ) -> Result<(), AppendError> {
        self.begun.get_or_insert(command.metadata.effective_date);
        let occurred_at = command.metadata.occurred_at;
        let latest = states
            .iter()
            .map(|(stream, _)| self.latest(*stream, occurred_at))
            .collect::<Vec<_>>();
        self.log.append(command).await?;
        let events = self.log.events();
        for ((stream, known), latest) in states.into_iter().zip(latest) {
            if known.at_rest {
                self.resting.push_back((events, stream));
            }
            let held = Held { known, latest, events };
            let of_type = self.states.entry(stream.aggregate_type).or_default();
            of_type.insert(stream.aggregate_id, held);
        }
        self.let_go();
        Ok(())
    }

    /// Waits until all of it is in the log.
    pub(in crate::execute) async fn settle(&mut self) -> Result<(), ReadError> {
        Ok(self.log.settle().await?)
    }

    /// Forgets what has been at rest for a while. It is read again if it is asked for.
    fn let_go(&mut self) {
        while let Some((events, stream)) = self.resting.front().copied()
            && events + self.kept_for <= self.log.events()
            && events <= self.log.written()
        {
            self.resting.pop_front();
            if let Some(of_type) = self.states.get_mut(stream.aggregate_type)
                && of_type
                    .get(&stream.aggregate_id)
                    .is_some_and(|held| held.known.at_rest && held.events == events)
            {
                of_type.remove(&stream.aggregate_id);
            }
        }
    }

    /// When the latest of a stream will have occurred, with what occurs now.
    fn latest(&self, stream: StreamId, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.held(stream) {
            Some(held) => held.latest.map(|latest| latest.max(now)),
            None if self.log.has(stream) => None,
            None => Some(now),
        }
    }

    fn held(&self, stream: StreamId) -> Option<&Held> {
        self.states.get(stream.aggregate_type)?.get(&stream.aggregate_id)
    }
}

#[cfg(test)]
mod tests;
