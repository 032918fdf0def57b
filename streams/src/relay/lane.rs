//! A shard on its way to the topic.

use std::collections::VecDeque;

use schemas::Cursor;
use uuid::Uuid;

use crate::checkpoint::{Advance, Held};

/// How far one shard was sent, and how far its checkpoint has come.
pub(super) struct Lane {
    fence: i64,
    checkpoint: Cursor,
    sent: Cursor,
    /// What lies between the checkpoint and there.
    under_way: VecDeque<(Cursor, Uuid)>,
}

impl Lane {
    pub fn new(held: &Held) -> Self {
        Self {
            fence: held.fence,
            checkpoint: held.cursor,
            sent: held.cursor,
            under_way: VecDeque::new(),
        }
    }

    /// The last event that was sent.
    pub const fn sent(&self) -> Cursor {
        self.sent
    }

    pub fn sent_up_to(&mut self, cursor: Cursor, event_id: Uuid) {
        self.sent = cursor;
        self.under_way.push_back((cursor, event_id));
    }

    /// How the checkpoint moves when all up to this position is acknowledged; `None` if it doesn't.
    pub fn advance(&self, acknowledged: i64) -> Option<Advance> {
        let behind = self
            .under_way
            .partition_point(|(cursor, _)| cursor.position <= acknowledged);
        let (to, event_id) = *self.under_way.get(behind.checked_sub(1)?)?;
        Some(Advance {
            fence: self.fence,
            from: self.checkpoint,
            to,
            event_id,
        })
    }

    /// The checkpoint has moved.
    pub fn saved(&mut self, to: Cursor) {
        self.checkpoint = to;
        let behind = self
            .under_way
            .partition_point(|(cursor, _)| cursor.position <= to.position);
        self.under_way.drain(..behind);
    }
}
