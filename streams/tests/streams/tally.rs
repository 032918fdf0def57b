//! A projection that is easy to upset.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use sqlx::PgConnection;
use streams::{ApplyError, Fact, Projection, Sequence, Version};
use uuid::Uuid;

/// Counts events per vendor and numbers them per organization. It is easily upset: by an event out of its order, by one applied
/// twice, and by those it is told to refuse.
#[derive(Clone)]
pub struct Tally {
    pub version: u32,
    pub sequence: Sequence,
    refused: Arc<Mutex<HashMap<Uuid, Refusal>>>,
}

/// How an event upsets the tally.
#[derive(Debug, Clone, Copy)]
pub enum Refusal {
    /// Its rows break a constraint.
    Constraint,
    /// The projection says so.
    Reason,
    /// The projection panics.
    Panic,
}

impl Tally {
    /// In order per organization: with the dense numbers.
    pub fn version(version: u32) -> Self {
        Self {
            version,
            sequence: Sequence::Organization,
            refused: Arc::default(),
        }
    }

    /// In order per vendor: without the dense numbers.
    pub fn by_vendor(version: u32) -> Self {
        Self {
            sequence: Sequence::Aggregate,
            ..Self::version(version)
        }
    }

    pub fn refuse(&self, event_id: Uuid, refusal: Refusal) {
        self.refused.lock().unwrap().insert(event_id, refusal);
    }

    pub fn accept_all(&self) {
        self.refused.lock().unwrap().clear();
    }

    fn refusal(&self, fact: &Fact) -> Option<Refusal> {
        self.refused.lock().unwrap().get(&fact.event_id).copied()
    }
}

#[async_trait]
impl Projection for Tally {
    fn name(&self) -> &'static str {
        "tally"
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn sequence(&self) -> Sequence {
        self.sequence
    }

    fn tables(&self) -> &'static str {
        "CREATE TABLE vendors (tenant_id uuid, vendor uuid, events bigint NOT NULL CHECK (events >= 0), last bigint NOT NULL,
                               words text NOT NULL, PRIMARY KEY (tenant_id, vendor));
         CREATE TABLE numbers (tenant_id uuid, number bigint, event_id uuid NOT NULL, PRIMARY KEY (tenant_id, number));
         CREATE TABLE secrets (n int)"
    }

    async fn apply(&self, connection: &mut PgConnection, facts: &[Arc<Fact>]) -> Result<(), ApplyError> {
        let schema = Version::of(self).schema();
        for fact in facts {
            let mut events = 1;
            match self.refusal(fact) {
                Some(Refusal::Constraint) => events = -1_000_000,
                Some(Refusal::Reason) => return Err(ApplyError::data("not this one")),
                Some(Refusal::Panic) => panic!("not this one"),
                None => {}
            }
            let in_order = sqlx::query(&format!(
                "INSERT INTO {schema}.vendors AS v VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (tenant_id, vendor) DO UPDATE
                    SET events = v.events + $3, last = $4, words = v.words || $5 WHERE v.last = $4 - 1"
            ))
            .bind(fact.tenant_id.0)
            .bind(fact.aggregate_id)
            .bind(events)
            .bind(fact.sequence)
            .bind(format!("{} ", fact.event.name()))
            .execute(&mut *connection)
            .await?;
            if in_order.rows_affected() != 1 {
                return Err(ApplyError::data("out of order"));
            }
            if self.sequence == Sequence::Organization {
                sqlx::query(&format!(
                    "INSERT INTO {schema}.numbers
                     SELECT $1, coalesce(max(number), 0) + 1, $2 FROM {schema}.numbers WHERE tenant_id = $1"
                ))
                .bind(fact.tenant_id.0)
                .bind(fact.event_id)
                .execute(&mut *connection)
                .await?;
            }
        }
        Ok(())
    }
}
