//! The dashboard: occupancy, rents, what is owed and what is repaired, for an organization and for each property.

mod durations;
mod fold;
mod load;
pub mod queries;
mod save;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::PgConnection;
use streams::{ApplyError, Fact, Projection};

use fold::{Happening, fold};

/// The dashboard's read model.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dashboard;

#[async_trait]
impl Projection for Dashboard {
    fn name(&self) -> &'static str {
        "dashboard"
    }

    fn version(&self) -> u32 {
        4
    }

    fn tables(&self) -> &'static str {
        include_str!("tables.sql")
    }

    async fn apply(&self, connection: &mut PgConnection, facts: &[Arc<Fact>]) -> Result<(), ApplyError> {
        let happenings = || facts.iter().map(|fact| happening(fact));
        let mut state = load::load(connection, load::Wanted::by(happenings())).await?;
        for happening in happenings() {
            fold(&mut state, &happening).map_err(ApplyError::data)?;
        }
        save::save(connection, state).await
    }
}

fn happening(fact: &Fact) -> Happening<'_> {
    Happening {
        organization: fact.tenant_id.0,
        id: fact.aggregate_id,
        effective_on: fact.metadata.effective_date,
        occurred_at: fact.metadata.occurred_at,
        event: &fact.event,
    }
}
