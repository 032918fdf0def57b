//! How far an index has read the log, and what stands still in it: part of each commit.

use chrono::{DateTime, Utc};
use domain::ids::OrganizationId;
use schemas::{Cursor, Shard};
use serde::{Deserialize, Serialize};
use streams::Entry;
use uuid::Uuid;

/// What a commit carries: how far each shard was read, and what stands still.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// How far each shard was read that was read at all.
    pub read: Vec<Mark>,
    /// The organizations that stand still.
    pub parked: Vec<Parked>,
}

/// How far a shard was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The place.
    pub cursor: Cursor,
    /// The event that stands there.
    pub event_id: Uuid,
}

/// An organization whose entries stand still at an event that could not be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// Whose.
    pub organization: OrganizationId,
    /// The event.
    pub event_id: Uuid,
    /// Its name.
    pub event_type: String,
    /// Where it stands.
    pub cursor: Cursor,
    /// When the log took it: the index is incomplete since then.
    pub recorded_at: DateTime<Utc>,
    /// Why it could not be applied.
    pub error: String,
    /// How often that was tried.
    pub attempts: u32,
}

impl Parked {
    pub(super) fn at(entry: &Entry, error: String) -> Self {
        Self {
            organization: entry.tenant_id,
            event_id: entry.event_id,
            event_type: entry.event_type.to_string(),
            cursor: entry.cursor,
            recorded_at: entry.recorded_at,
            error,
            attempts: 1,
        }
    }
}

impl Marks {
    /// Where reading goes on in every shard.
    pub(super) fn cursors(&self) -> Vec<Cursor> {
        Shard::all().map(|shard| self.cursor(shard)).collect()
    }

    pub(super) fn cursor(&self, shard: Shard) -> Cursor {
        let mark = self.read.iter().find(|mark| mark.cursor.shard == shard);
        mark.map_or_else(|| Cursor::start(shard), |mark| mark.cursor)
    }

    pub(super) fn advance(&mut self, cursor: Cursor, event_id: Uuid) {
        let next = Mark { cursor, event_id };
        match self.read.iter_mut().find(|mark| mark.cursor.shard == cursor.shard) {
            Some(mark) => *mark = next,
            None => self.read.push(next),
        }
    }

    pub(super) fn is_parked(&self, organization: OrganizationId) -> bool {
        self.parked.iter().any(|parked| parked.organization == organization)
    }
}
