//! What a decision has in its hands: the streams it reads, and what it records.

use std::sync::Arc;

use domain::{EventSet, Root, context::Context, ids::PersonId};
use serde_json::value::RawValue;

use super::{
    Decline,
    cache::{AnyState, Known},
    reader::{Advance, Reader, advance, nothing, typed},
};
use crate::log::{NewEvent, ReadError, StoredEvent, StreamId};

/// One attempt to decide: every stream loaded here becomes an expectation of the append, every event recorded here is
/// written by it.
pub struct Work<'c> {
    pub(super) context: Context,
    pub(super) reader: Reader<'c>,
    pub(super) streams: Vec<Stream>,
    pub(super) drafts: Vec<Draft>,
    /// Why an event could not be drafted.
    pub(super) fault: Option<serde_json::Error>,
}

/// An aggregate as a decision finds it: what it did before, and what the same command recorded of it so far.
#[derive(Debug, Clone)]
pub struct Loaded<A> {
    /// Its state; the default before its first event.
    pub state: Arc<A>,
    /// The last sequence of its stream in the log; 0 before its first event.
    pub sequence: i64,
}

/// A stream that the decision rests on.
pub(super) struct Stream {
    pub(super) id: StreamId,
    /// What the decision rests on.
    pub(super) base: Known,
    /// Reads what happens to it next.
    pub(super) advance: Advance,
    /// The state with what the decision recorded.
    state: AnyState,
    /// Whether the log was not asked.
    remembered: bool,
}

/// An event that is to be written.
pub(super) struct Draft {
    /// Which of the decision's streams.
    pub(super) stream: usize,
    pub(super) event_type: &'static str,
    pub(super) event_version: u32,
    pub(super) payload: String,
}

/// An event on its way to the log.
pub(super) struct Outgoing {
    pub(super) event: NewEvent,
    /// The place it will have in its stream.
    pub(super) sequence: i64,
}

/// The ids that a command gives its events are derived with numbers from here on; those of aggregates with smaller ones.
const EVENT_IDS: u32 = 1 << 31;

impl<'c> Work<'c> {
    pub(super) fn new(context: Context, reader: Reader<'c>) -> Self {
        Self {
            context,
            reader,
            streams: Vec::new(),
            drafts: Vec::new(),
            fault: None,
        }
    }

    /// For whom, by whom and when the command is given, and under which policies.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// An aggregate that the decision rests on: if anyone else writes to its stream before this command is appended, the
    /// decision is taken anew. Load first what the command is about: `If-Match` is compared with its sequence.
    ///
    /// # Errors
    /// A stream that can't be read now, or not by this build.
    pub async fn load<A: Root>(&mut self, id: A::Id) -> Result<Loaded<A>, Decline> {
        Ok(self.stream::<A>(id).await?)
    }

    /// An aggregate that begins with this command, under an id that it gives out ([`Context::id`]) or that hardly anybody else
    /// has used: the log is not asked for it first. It is asked when the append finds the stream taken.
    ///
    /// # Errors
    /// A stream that can't be read now, or not by this build.
    pub async fn begin<A: Root>(&mut self, id: A::Id) -> Result<Loaded<A>, Decline> {
        if self.reader.asks_first() {
            return self.load(id).await;
        }
        let index = self.place_or_new::<A>(id);
        Ok(self.loaded(index))
    }

    /// What happened to an aggregate. It is written when the decision is done, with everything else that it records. A
    /// stream that was neither loaded nor begun must be new.
    pub fn record<A: Root>(&mut self, id: A::Id, events: Vec<A::Event>) {
        let stream = self.place_or_new::<A>(id);
        let mut state = A::clone(&self.loaded::<A>(stream).state);
        for event in events {
            match serde_json::to_string(&event) {
                Ok(payload) => self.drafts.push(Draft {
                    stream,
                    event_type: event.name(),
                    event_version: event.version(),
                    payload,
                }),
                Err(error) => self.fault = Some(error),
            }
            state.apply(event);
        }
        self.streams[stream].state = Arc::new(state);
    }

    pub(super) async fn stream<A: Root>(&mut self, id: A::Id) -> Result<Loaded<A>, ReadError> {
        let stream = StreamId::of::<A>(id);
        let index = if let Some(index) = self.place(stream) {
            index
        } else {
            let (base, remembered) = self.reader.aggregate::<A>(stream).await?;
            self.add::<A>(stream, base, remembered)
        };
        Ok(self.loaded(index))
    }

    /// The sequence of what the command is about: the first stream it records, else the first it loaded.
    pub(super) fn primary_sequence(&self) -> i64 {
        let recorded = self.drafts.first().map(|draft| draft.stream);
        // The organization is always loaded first, as a guard.
        let loaded = self.streams.len().min(2).checked_sub(1);
        recorded
            .or(loaded)
            .map_or(0, |stream| self.streams[stream].base.sequence)
    }

    /// Whether any state is from memory, so that the log may have moved on.
    pub(super) fn rests_on_memory(&self) -> bool {
        self.streams.iter().any(|stream| stream.remembered)
    }

    /// Whether this command writes the first that is known of a person.
    pub(super) fn begins(&self, person: PersonId) -> bool {
        let begun = |stream: &Stream| stream.id.aggregate_id == person.0 && stream.base.sequence == 0;
        self.drafts.iter().any(|draft| begun(&self.streams[draft.stream]))
    }

    /// What the decision rests on.
    pub(super) fn expectations(&self) -> Vec<(StreamId, i64)> {
        self.streams
            .iter()
            .map(|stream| (stream.id, stream.base.sequence))
            .collect()
    }

    /// What it recorded, taken out of its hands.
    pub(super) fn take_events(&mut self) -> Result<Vec<Outgoing>, serde_json::Error> {
        let mut sequences: Vec<i64> = self.streams.iter().map(|stream| stream.base.sequence).collect();
        let outgoing = |(number, draft): (u32, Draft)| {
            sequences[draft.stream] += 1;
            Ok(Outgoing {
                event: NewEvent {
                    stream: self.streams[draft.stream].id,
                    event_id: self.context.id(EVENT_IDS + number),
                    event_type: draft.event_type.into(),
                    event_version: draft.event_version,
                    payload: RawValue::from_string(draft.payload)?,
                },
                sequence: sequences[draft.stream],
            })
        };
        (0..).zip(std::mem::take(&mut self.drafts)).map(outgoing).collect()
    }

    /// The states that what is written leads to.
    pub(super) fn states_after(&self, written: &[Outgoing]) -> Result<Vec<(StreamId, Known)>, ReadError> {
        let mut states = Vec::new();
        for stream in &self.streams {
            let events: Vec<StoredEvent> = written
                .iter()
                .filter(|outgoing| outgoing.event.stream == stream.id)
                .map(Outgoing::stored)
                .collect();
            if !events.is_empty() {
                let known = (stream.advance)(self.reader.decoder, &stream.base, &events)?;
                states.push((stream.id, known));
            }
        }
        Ok(states)
    }

    fn place(&self, stream: StreamId) -> Option<usize> {
        self.streams.iter().position(|known| known.id == stream)
    }

    fn place_or_new<A: Root>(&mut self, id: A::Id) -> usize {
        let stream = StreamId::of::<A>(id);
        self.place(stream)
            .unwrap_or_else(|| self.add::<A>(stream, nothing::<A>(), true))
    }

    fn add<A: Root>(&mut self, id: StreamId, base: Known, remembered: bool) -> usize {
        self.streams.push(Stream {
            id,
            state: base.state.clone(),
            base,
            advance: advance::<A>,
            remembered,
        });
        self.streams.len() - 1
    }

    fn loaded<A: Root>(&self, index: usize) -> Loaded<A> {
        let stream = &self.streams[index];
        Loaded {
            state: typed(&stream.state),
            sequence: stream.base.sequence,
        }
    }
}

impl Outgoing {
    fn stored(&self) -> StoredEvent {
        StoredEvent {
            sequence: self.sequence,
            event_type: self.event.event_type.to_string(),
            event_version: self.event.event_version,
            payload: self.event.payload.get().to_owned(),
        }
    }
}
