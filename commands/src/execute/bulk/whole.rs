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

/// What is at rest is remembered for so many batches after it was written: what is about to be asked for it is asked by then.
const KEPT_FOR: u32 = 2;

/// One organization from its beginning. What is not remembered is in the log that it fills, or isn't there.
pub(in crate::execute) struct Whole {
    pub(super) log: BulkLog,
    states: HashMap<&'static str, HashMap<Uuid, Held>>,
    /// What came to rest, in this order, and the batch in which it did.
    resting: VecDeque<(u32, StreamId)>,
    /// When the organization began to keep its business here.
    pub(super) begun: Option<NaiveDate>,
}

struct Held {
    known: Known,
    /// When the last of it occurred.
    occurred_at: DateTime<Utc>,
    /// The batch that has the last of it.
    batch: u32,
}

impl Whole {
    pub(super) fn new(log: BulkLog) -> Self {
        Self {
            log,
            states: HashMap::new(),
            resting: VecDeque::new(),
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
            Some(held) if held.occurred_at < instant => Some(typed(&held.known.state)),
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
        let batch = self.log.batches();
        self.log.append(command).await?;
        for (stream, known) in states {
            if known.at_rest {
                self.resting.push_back((batch, stream));
            }
            let held = Held {
                known,
                occurred_at,
                batch,
            };
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
        while let Some((batch, stream)) = self.resting.front().copied()
            && batch + KEPT_FOR <= self.log.batches()
        {
            self.resting.pop_front();
            if let Some(of_type) = self.states.get_mut(stream.aggregate_type)
                && of_type
                    .get(&stream.aggregate_id)
                    .is_some_and(|held| held.known.at_rest && held.batch == batch)
            {
                of_type.remove(&stream.aggregate_id);
            }
        }
    }

    fn held(&self, stream: StreamId) -> Option<&Held> {
        self.states.get(stream.aggregate_type)?.get(&stream.aggregate_id)
    }
}
