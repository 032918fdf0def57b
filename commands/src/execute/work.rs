//! What a decision has in its hands: the streams it reads, and what it records.

use std::sync::Arc;

use domain::{EventSet, Root, context::Context, registry::Decoder};

use super::{
    Decline,
    cache::{AnyState, Known, States},
};
use crate::log::{ReadError, Snapshot, StoredEvent, StreamId};

/// One attempt to decide: every stream loaded here becomes an expectation of the append, every event recorded here is
/// written by it.
pub struct Work<'c> {
    context: Context,
    decoder: &'c Decoder,
    states: &'c States,
    snapshot: Snapshot<'c>,
    freshness: Freshness,
    streams: Vec<Stream>,
    drafts: Vec<Draft>,
    /// Why an event could not be drafted.
    fault: Option<serde_json::Error>,
}

/// An aggregate as a decision finds it: what it did before, and what the same command recorded of it so far.
#[derive(Debug, Clone)]
pub struct Loaded<A> {
    /// Its state; the default before its first event.
    pub state: Arc<A>,
    /// The last sequence of its stream in the log; 0 before its first event.
    pub sequence: i64,
}

/// How current the states must be that a decision reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// As they were when they were last used: an append finds out whether they still are.
    Known,
    /// As the log has them now, all at one moment.
    Log,
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
    assumed: bool,
}

/// An event that is to be written, not yet sealed.
pub(super) struct Draft {
    /// Which of the decision's streams.
    pub(super) stream: usize,
    pub(super) event_type: &'static str,
    pub(super) event_version: u32,
    pub(super) payload: String,
}

/// Applies stored events to a state of a stream's type.
type Advance = fn(&Decoder, &Known, &[StoredEvent]) -> Result<Known, ReadError>;

impl<'c> Work<'c> {
    pub(super) fn new(
        context: Context,
        freshness: Freshness,
        snapshot: Snapshot<'c>,
        states: &'c States,
        decoder: &'c Decoder,
    ) -> Self {
        Self {
            context,
            decoder,
            states,
            snapshot,
            freshness,
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
        let stream = StreamId::of::<A>(id);
        let index = match self.position(stream) {
            Some(index) => index,
            None => self.open::<A>(stream).await?,
        };
        Ok(self.loaded(index))
    }

    /// An aggregate that begins with this command, under an id that it gives out ([`Context::id`]): the log is not asked
    /// for it first. It is asked when the append finds the stream taken.
    ///
    /// # Errors
    /// A stream that can't be read now, or not by this build.
    pub async fn begin<A: Root>(&mut self, id: A::Id) -> Result<Loaded<A>, Decline> {
        let stream = StreamId::of::<A>(id);
        if self.freshness == Freshness::Log || self.position(stream).is_some() {
            return self.load(id).await;
        }
        self.streams.push(Stream::new::<A>(stream, nothing::<A>(), true));
        Ok(self.loaded(self.streams.len() - 1))
    }

    /// What happened to an aggregate. It is written when the decision is done, with everything else that it records. A
    /// stream that was neither loaded nor begun must be new.
    pub fn record<A: Root>(&mut self, id: A::Id, events: Vec<A::Event>) {
        let stream = StreamId::of::<A>(id);
        let index = self.position(stream).unwrap_or_else(|| {
            self.streams.push(Stream::new::<A>(stream, nothing::<A>(), true));
            self.streams.len() - 1
        });
        let mut state = A::clone(&self.loaded::<A>(index).state);
        for event in events {
            match serde_json::to_string(&event) {
                Ok(payload) => self.drafts.push(Draft {
                    stream: index,
                    event_type: event.name(),
                    event_version: event.version(),
                    payload,
                }),
                Err(error) => self.fault = Some(error),
            }
            state.apply(event);
        }
        self.streams[index].state = Arc::new(state);
    }

    fn position(&self, stream: StreamId) -> Option<usize> {
        self.streams.iter().position(|known| known.id == stream)
    }

    fn loaded<A: Root>(&self, index: usize) -> Loaded<A> {
        let stream = &self.streams[index];
        Loaded {
            state: typed(&stream.state),
            sequence: stream.base.sequence,
        }
    }

    async fn open<A: Root>(&mut self, stream: StreamId) -> Result<usize, ReadError> {
        let known = self.states.get(self.context.organization, stream);
        let assumed = known.is_some() && self.freshness == Freshness::Known;
        let mut known = known.unwrap_or_else(nothing::<A>);
        if !assumed {
            let events = self.snapshot.events_after(stream, known.sequence).await?;
            if !events.is_empty() {
                known = advance::<A>(self.decoder, &known, &events)?;
                self.states.put(self.context.organization, stream, known.clone());
            }
        }
        self.streams.push(Stream::new::<A>(stream, known, assumed));
        Ok(self.streams.len() - 1)
    }
}

impl Stream {
    fn new<A: Root>(id: StreamId, base: Known, assumed: bool) -> Self {
        Self {
            id,
            state: base.state.clone(),
            base,
            advance: advance::<A>,
            assumed,
        }
    }
}

/// A stream's id names the type of its state.
fn typed<A: Root>(state: &AnyState) -> Arc<A> {
    state.clone().downcast().unwrap_or_default()
}

fn nothing<A: Root>() -> Known {
    Known {
        state: Arc::new(A::default()),
        sequence: 0,
        bytes: 0,
    }
}

fn advance<A: Root>(decoder: &Decoder, base: &Known, events: &[StoredEvent]) -> Result<Known, ReadError> {
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
