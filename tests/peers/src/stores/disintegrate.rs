//! `disintegrate` over PostgreSQL: a decision names the events that its state is made of; they are read, and the new event is
//! inserted by a serializable transaction that finds no newer ones among them.

use anyhow::Result;
use disintegrate::{Decision, DecisionError, NoSnapshot, StateMutate, StateQuery, serde::json::Json};
use disintegrate_postgres::{Error, PgDecisionMaker, PgEventStore, decision_maker};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use crate::{
    store::{Attempt, Store, open_pool, run_script},
    vendor::{Refusal, VendorCommand, VendorEvent, VendorState},
};

/// Its decision maker, without snapshots.
pub struct Disintegrate(PgDecisionMaker<VendorEvent, Json<VendorEvent>, NoSnapshot>);

impl Store for Disintegrate {
    // With more, more of its transactions fail to serialize, and more commands are refused for what was so before the vendor's last
    // event: both are repeated. With less, the commits wait for one another.
    const MAX_CONNECTIONS: u32 = 8;

    async fn prepare(database: &PgConnectOptions) -> Result<()> {
        run_script(database, include_str!("disintegrate.sql")).await
    }

    async fn open(database: PgConnectOptions, connections: u32) -> Result<Self> {
        let pool = open_pool(database, connections).await?;
        Ok(Self(decision_maker(
            PgEventStore::new_uninitialized(pool, Json::default()),
            NoSnapshot,
        )))
    }

    async fn execute(&self, command: VendorCommand) -> Result<Attempt> {
        match self.0.make(Decide(command)).await {
            Ok(_) => Ok(Attempt::Committed),
            Err(error) if is_conflict(&error) => Ok(Attempt::Conflict),
            Err(error) => Err(error.into()),
        }
    }
}

/// Everything that a user of the library answers by trying again.
fn is_conflict(error: &DecisionError<Refusal>) -> bool {
    match error {
        // It reads up to the oldest transaction under way only: a vendor's own last event may still be out of its sight, and the
        // command refused for what was so before it.
        DecisionError::Domain(_) => true,
        DecisionError::EventStore(error) | DecisionError::StateStore(error) => match error.downcast_ref::<Error>() {
            Some(Error::Concurrency) => true,
            // Found before the commit, a serialization failure comes as PostgreSQL's own.
            Some(Error::Database(sqlx::Error::Database(error))) => error.code().as_deref() == Some("40001"),
            _ => false,
        },
    }
}

/// A vendor, found by its id.
#[derive(Debug, Clone, Serialize, Deserialize, StateQuery)]
#[state_query(VendorEvent)]
struct Vendor {
    #[id]
    vendor_id: Uuid,
    state: VendorState,
}

impl StateMutate for Vendor {
    fn mutate(&mut self, event: VendorEvent) {
        self.state.apply(&event);
    }
}

struct Decide(VendorCommand);

impl Decision for Decide {
    type Event = VendorEvent;
    type StateQuery = Vendor;
    type Error = Refusal;

    fn state_query(&self) -> Vendor {
        Vendor {
            vendor_id: self.0.vendor_id,
            state: VendorState::default(),
        }
    }

    fn process(&self, vendor: &Vendor) -> Result<Vec<VendorEvent>, Refusal> {
        Ok(vec![vendor.state.decide(self.0.clone())?])
    }
}
