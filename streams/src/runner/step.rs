//! One transaction: checkpoints move, and the read model's rows with them.

use std::collections::HashSet;

use sqlx::{Postgres, Transaction};

use super::writer::Writer;
use crate::{
    ApplyError, Entry, Projection, SequenceId, Version,
    apply::{self, Poison, Standing},
    checkpoint::{self, Advance},
    parked,
};

/// What is to be applied together.
pub(super) struct Step<'a> {
    pub projection: &'a dyn Projection,
    pub advances: Vec<Advance>,
    /// Of the shards that advance, up to where they advance to.
    pub entries: &'a [Entry],
    /// The sequences that stand still.
    pub parked: HashSet<SequenceId>,
}

/// What became of it.
pub(super) enum Outcome {
    /// It is done; these events were found not to be applicable and stand still now.
    Applied(Vec<Poison>),
    /// Nothing was written: another hand moved or took one of the shards.
    Lost,
}

impl Step<'_> {
    /// Applies all of it, or, if some of it can't be applied, all but that.
    ///
    /// # Errors
    /// When the server fails: nothing was written, or, if it failed at the very end, perhaps everything. The writer's connection is to be
    /// forgotten then.
    pub async fn run(self, writer: &mut Writer) -> Result<Outcome, sqlx::Error> {
        let version = Version::of(self.projection);
        let mut standing = Standing::still(self.parked.clone());

        let Some(mut tx) = self.begin(writer).await? else {
            return Ok(Outcome::Lost);
        };
        match apply::all(&mut tx, self.projection, self.entries, &standing).await {
            Ok(()) => {}
            Err(ApplyError::Server(error)) => return Err(error),
            Err(ApplyError::Data(_)) => {
                tx.rollback().await?;
                let Some(again) = self.begin(writer).await? else {
                    return Ok(Outcome::Lost);
                };
                tx = again;
                apply::isolating(&mut tx, self.projection, self.entries, &mut standing).await?;
            }
        }
        let mut left_out = standing.left_out(self.projection, self.entries);
        parked::park(&mut tx, version, &standing.found, &left_out).await?;
        for poison in &standing.found {
            left_out.remove(&poison.sequence);
        }
        if !left_out.is_empty() {
            parked::count(&mut tx, version, &left_out).await?;
        }
        tx.commit().await?;
        Ok(Outcome::Applied(standing.found))
    }

    /// A transaction that has moved the checkpoints; `None` if it couldn't.
    async fn begin<'w>(&self, writer: &'w mut Writer) -> Result<Option<Transaction<'w, Postgres>>, sqlx::Error> {
        let mut tx = writer.begin().await?;
        if checkpoint::advance(&mut tx, Version::of(self.projection), &self.advances).await? {
            return Ok(Some(tx));
        }
        tx.rollback().await?;
        Ok(None)
    }
}
