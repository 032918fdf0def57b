//! Where a shard is read: from the topic, as long as it goes on without a gap, else from the log.
//!
//! Invariant: what is handed out from the topic is the unbroken run behind what was read before; whatever the topic holds, an
//! event is never skipped and never handed out twice to the same reader.

use std::collections::VecDeque;

use schemas::{Cursor, Recorded};
use tokio::time::{Duration, Instant};
use uuid::Uuid;

use crate::{Batch, Fault, Limit};

/// One shard.
#[derive(Default)]
pub(super) struct Front {
    topic: Option<Topic>,
    /// The place up to where a reader last read the log, if one did: from there it may go on with the topic.
    pub wanted: Option<Cursor>,
}

/// A shard that is read from the topic.
struct Topic {
    /// An event that stands in the log, at or before where the topic is read: the topic has no other at its position.
    anchor: Option<Anchor>,
    /// The last position that a reader has.
    taken: i64,
    /// The last position that came from the topic.
    received: i64,
    /// What lies between.
    events: VecDeque<Recorded>,
    bytes: usize,
    /// When something new came, or the log was asked instead and had nothing more.
    moved: Instant,
    /// When a reader asked.
    asked: Instant,
    /// Whether the log is being asked for what the topic should have brought.
    doubted: bool,
    /// Whether it lacked something when the log was asked, and has brought nothing since.
    lacked: bool,
    /// Whether it has brought nothing at all, though it holds the anchor.
    mute: bool,
}

/// An event by which the topic is recognised as this log's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Anchor {
    pub cursor: Cursor,
    pub event_id: Uuid,
}

/// What a reader gets.
pub(super) enum Taken {
    Events(Vec<Recorded>),
    /// It will come from the topic.
    Wait,
    /// It is to be looked for in the log.
    AskLog,
}

/// What a look into the log says of the topic.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// It lacks nothing, or what it lacks may be on its way.
    Well,
    /// It is left: it lacks something.
    Silent,
    /// It is left, and never said a word: the client has lost its way.
    Mute,
}

/// What became of a message's event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    New,
    /// It was read before, or nobody reads the shard from the topic.
    Dropped,
    /// The topic lacks what should have come: the shard is read from the log again.
    Gap,
}

impl Front {
    /// Reads from the topic from now on, behind this cursor.
    pub fn join(&mut self, cursor: Cursor, anchor: Option<Anchor>, now: Instant) {
        self.topic = Some(Topic {
            mute: anchor.is_some(),
            anchor,
            taken: cursor.position,
            received: cursor.position,
            events: VecDeque::new(),
            bytes: 0,
            moved: now,
            asked: now,
            doubted: false,
            lacked: false,
        });
    }

    /// Reads from the log from now on.
    pub fn leave(&mut self) {
        self.topic = None;
    }

    pub const fn is_joined(&self) -> bool {
        self.topic.is_some()
    }

    /// How much of the topic waits here for a reader, in bytes of payload.
    pub fn bytes(&self) -> usize {
        self.topic.as_ref().map_or(0, |topic| topic.bytes)
    }

    /// Whether no reader has asked for so long.
    pub fn is_forgotten(&self, now: Instant, after: Duration) -> bool {
        self.topic.as_ref().is_some_and(|topic| now - topic.asked > after)
    }

    /// What follows the cursor. A topic that is silent for longer than `patience` isn't trusted: the log is asked.
    pub fn take(&mut self, cursor: Cursor, limit: Limit, now: Instant, patience: Duration) -> Taken {
        let Some(topic) = &mut self.topic else {
            return Taken::AskLog;
        };
        if cursor.position < topic.taken {
            // A slower reader: the log has what this one missed.
            return Taken::AskLog;
        }
        topic.asked = now;
        topic.forward(cursor.position);
        let events = topic.next(limit);
        if !events.is_empty() {
            return Taken::Events(events);
        }
        if now - topic.moved <= patience {
            return Taken::Wait;
        }
        topic.moved = now;
        topic.doubted = true;
        Taken::AskLog
    }

    /// Learns what the log held behind this cursor. The topic is left if it was doubted and lacked something twice in a row; once
    /// may be an event that is on its way.
    pub fn looked(&mut self, cursor: Cursor, found: Option<&Batch>) -> Looked {
        let end = found.and_then(|batch| batch.events.last()).map(Recorded::cursor);
        let mute = self.topic.as_ref().is_some_and(|topic| topic.mute);
        let lacking = self.topic.as_mut().is_some_and(|topic| {
            let lacks = std::mem::take(&mut topic.doubted) && end.is_some_and(|end| end.position > topic.received);
            let lacked = topic.lacked;
            topic.lacked |= lacks;
            lacks && lacked
        });
        if lacking {
            self.leave();
        }
        if !self.is_joined() {
            // Readers that lie behind come to meet the one that is ahead.
            let place = end.unwrap_or(cursor);
            let ahead = self.wanted.filter(|wanted| wanted.position > place.position);
            self.wanted = Some(ahead.unwrap_or(place));
        }
        match (lacking, mute) {
            (false, _) => Looked::Well,
            (true, false) => Looked::Silent,
            (true, true) => Looked::Mute,
        }
    }

    /// Takes an event of the log's present life from the topic.
    ///
    /// # Errors
    /// The topic is another log's.
    pub fn receive(&mut self, event: Recorded, now: Instant) -> Result<Received, Fault> {
        let Some(topic) = &mut self.topic else {
            return Ok(Received::Dropped);
        };
        (topic.lacked, topic.mute) = (false, false);
        if event.position <= topic.received {
            return topic.recognise(&event).map(|()| Received::Dropped);
        }
        if event.position > topic.received + 1 {
            self.leave();
            return Ok(Received::Gap);
        }
        topic.received = event.position;
        topic.bytes += event.payload.get().len();
        topic.moved = now;
        topic.events.push_back(event);
        Ok(Received::New)
    }
}

impl Topic {
    /// Drops what a faster way brought already.
    fn forward(&mut self, position: i64) {
        while self.events.front().is_some_and(|event| event.position <= position) {
            self.pop();
        }
        self.taken = position;
        self.received = self.received.max(position);
    }

    fn next(&mut self, limit: Limit) -> Vec<Recorded> {
        let (mut events, mut bytes) = (Vec::new(), 0);
        while events.len() < limit.events
            && bytes < limit.bytes
            && let Some(event) = self.pop()
        {
            bytes += event.payload.get().len();
            self.taken = event.position;
            events.push(event);
        }
        events
    }

    fn pop(&mut self) -> Option<Recorded> {
        let event = self.events.pop_front()?;
        self.bytes -= event.payload.get().len();
        Some(event)
    }

    fn recognise(&self, event: &Recorded) -> Result<(), Fault> {
        match self.anchor {
            Some(anchor) if anchor.cursor == event.cursor() && anchor.event_id != event.event_id => {
                Err(Fault::Replaced {
                    cursor: anchor.cursor,
                    known: anchor.event_id,
                    found: Some(event.event_id),
                })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
