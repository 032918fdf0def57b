//! How entries reach a projection: all at once, or, when some of them can't be applied, all but those.

use std::{
    collections::{BTreeMap, HashSet},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use futures::FutureExt;
use sqlx::{Executor, PgConnection};

use crate::{ApplyError, Entry, Fact, Projection, SequenceId};

/// What stands still of a read model, as far as a transaction knows and finds out.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// Sequences of which nothing is applied.
    sequences: HashSet<SequenceId>,
    /// The events that were found not to be applicable, first of their sequence.
    pub found: Vec<Poison>,
}

/// An event that can't be applied.
#[derive(Debug, Clone)]
pub(crate) struct Poison {
    pub entry: Entry,
    pub sequence: SequenceId,
    pub reason: String,
}

impl Standing {
    pub(crate) fn still(sequences: HashSet<SequenceId>) -> Self {
        Self {
            sequences,
            found: Vec::new(),
        }
    }

    fn holds(&self, projection: &dyn Projection, entry: &Entry) -> bool {
        !self.sequences.is_empty() && self.sequences.contains(&entry.sequence(projection.sequence()))
    }

    fn stop_at(&mut self, projection: &dyn Projection, entry: &Entry, reason: String) {
        let sequence = entry.sequence(projection.sequence());
        self.sequences.insert(sequence);
        self.found.push(Poison {
            entry: entry.clone(),
            sequence,
            reason,
        });
    }

    /// How many of these entries were left out, of each sequence.
    pub(crate) fn left_out(&self, projection: &dyn Projection, entries: &[Entry]) -> BTreeMap<SequenceId, i64> {
        let mut left_out = BTreeMap::new();
        for entry in entries.iter().filter(|entry| self.holds(projection, entry)) {
            let sequence = entry.sequence(projection.sequence());
            let applied = self
                .found
                .iter()
                .any(|poison| poison.sequence == sequence && entry.cursor.position < poison.entry.cursor.position);
            if !applied {
                *left_out.entry(sequence).or_default() += 1;
            }
        }
        left_out
    }
}

/// Applies all entries but those that stand still.
pub(crate) async fn all(
    tx: &mut PgConnection,
    projection: &dyn Projection,
    entries: &[Entry],
    standing: &Standing,
) -> Result<(), ApplyError> {
    let mut facts: Vec<Arc<Fact>> = Vec::with_capacity(entries.len());
    for entry in entries.iter().filter(|entry| !standing.holds(projection, entry)) {
        facts.push(entry.content.clone().map_err(ApplyError::data)?);
    }
    if facts.is_empty() {
        return Ok(());
    }
    match AssertUnwindSafe(projection.apply(tx, &facts)).catch_unwind().await {
        Ok(applied) => applied,
        Err(_) => Err(ApplyError::data(
            "the projection panicked; the process's log says where",
        )),
    }
}

/// Applies what can be applied, and finds the entries that can't: by halves, under savepoints, so that one bad event among a
/// thousand costs some twenty attempts.
pub(crate) async fn isolating(
    tx: &mut PgConnection,
    projection: &dyn Projection,
    entries: &[Entry],
    standing: &mut Standing,
) -> Result<(), sqlx::Error> {
    let mut waiting = vec![entries];
    while let Some(run) = waiting.pop() {
        tx.execute("SAVEPOINT run").await?;
        match all(tx, projection, run, standing).await {
            Ok(()) => {
                tx.execute("RELEASE SAVEPOINT run").await?;
            }
            Err(ApplyError::Server(error)) => return Err(error),
            Err(ApplyError::Data(reason)) => {
                tx.execute("ROLLBACK TO SAVEPOINT run").await?;
                if let [entry] = run {
                    standing.stop_at(projection, entry, reason);
                } else {
                    let (first, rest) = run.split_at(run.len() / 2);
                    waiting.extend([rest, first]);
                }
            }
        }
    }
    Ok(())
}
