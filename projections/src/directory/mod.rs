//! The directory: the present state of everything that lists and detail pages show.
//!
//! Each thing is one document, with what lists of its kind are sorted and filtered by beside it.

mod document;
mod fold;
pub mod queries;
mod state;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use sqlx::PgConnection;
use streams::{ApplyError, Fact, Projection};

pub use document::*;

/// The directory's read model.
#[derive(Debug, Clone, Copy, Default)]
pub struct Directory;

#[async_trait]
impl Projection for Directory {
    fn name(&self) -> &'static str {
        "directory"
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables(&self) -> &'static str {
        include_str!("tables.sql")
    }

    async fn apply(&self, connection: &mut PgConnection, facts: &[Arc<Fact>]) -> Result<(), ApplyError> {
        let mut wanted = HashSet::new();
        for fact in facts {
            fold::wanted(fact, &mut wanted);
        }
        let mut state = state::load(connection, &wanted).await?;
        for fact in facts {
            fold::fold(&mut state, fact).map_err(ApplyError::data)?;
        }
        state::save(connection, state).await
    }
}
