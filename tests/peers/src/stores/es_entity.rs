//! `es-entity`: a repository derived from the entity. A vendor is found with its events, changed, and updated: its new event is
//! inserted under the next sequence, whose unique index keeps a second writer out.

use anyhow::Result;
use es_entity::{
    EntityEvents, EntityEventsBuilder, EntityHydrationError, EsEntity, EsEvent, EsRepo, FromCaller, IntoEvents,
    TryFromEvents, errlanes,
};
use sqlx::{PgPool, postgres::PgConnectOptions};
use uuid::Uuid;

use crate::{
    store::{Attempt, Store, open_pool, run_script},
    vendor::{Action, Refusal, VendorCommand, VendorEvent, VendorState},
};

/// The repository of the vendors.
#[derive(EsRepo)]
#[es_repo(entity = "Vendor", id(ty = "Uuid", source = caller))]
pub struct Vendors {
    pool: PgPool,
}

impl Store for Vendors {
    const MAX_CONNECTIONS: u32 = 32;

    async fn prepare(database: &PgConnectOptions) -> Result<()> {
        run_script(database, include_str!("es_entity.sql")).await
    }

    async fn open(database: PgConnectOptions, connections: u32) -> Result<Self> {
        Ok(Self {
            pool: open_pool(database, connections).await?,
        })
    }

    async fn execute(&self, command: VendorCommand) -> Result<Attempt> {
        let written = if matches!(command.action, Action::Create(_)) {
            // As it is meant: the primary key tells whether there is one already.
            let (id, created) = (command.vendor_id, VendorState::default().decide(command)?);
            self.create(NewVendor { id, created }).await.map(drop)
        } else {
            let mut vendor = self.find_by_id(command.vendor_id).await?;
            vendor.execute(command)?;
            self.update(&mut vendor).await.map(drop).map_err(Into::into)
        };
        match written {
            Ok(()) => Ok(Attempt::Committed),
            Err(error) if error.is_transient() => Ok(Attempt::Conflict),
            Err(error) => Err(error.into()),
        }
    }
}

/// A vendor with its events.
#[derive(EsEntity)]
#[es_entity(event = "VendorEvent")]
pub struct Vendor {
    id: Uuid,
    state: VendorState,
    events: EntityEvents<VendorEvent>,
}

impl Vendor {
    fn execute(&mut self, command: VendorCommand) -> Result<(), Refusal> {
        let event = self.state.decide(command)?;
        self.state.apply(&event);
        self.events.push(event);
        Ok(())
    }
}

impl TryFromEvents<VendorEvent> for Vendor {
    fn try_from_events(events: EntityEvents<VendorEvent>) -> Result<Self, EntityHydrationError> {
        let mut state = VendorState::default();
        for event in events.iter_all() {
            state.apply(event);
        }
        let mut hydrator = Vendor::hydrator();
        hydrator.id(*events.id()).state(state);
        hydrator.build(events)
    }
}

/// A vendor that isn't stored yet, with its id in its first event.
pub struct NewVendor {
    id: Uuid,
    created: VendorEvent,
}

impl IntoEvents<VendorEvent> for NewVendor {
    type IdSource = FromCaller;

    fn into_events(self, builder: EntityEventsBuilder<VendorEvent, FromCaller>) -> EntityEvents<VendorEvent> {
        builder.initial_events(self.id, [self.created])
    }
}
