//! `postgres-es` under cqrs-es's own framework: the events of an aggregate are read and applied, and what it decides is inserted
//! under the next sequence, whose primary key keeps a second writer out.

use anyhow::Result;
use cqrs_es::{
    Aggregate, AggregateError, CqrsFramework, DomainEvent, event_sink::EventSink, persist::PersistedEventStore,
};
use postgres_es::{PostgresCqrs, PostgresEventRepository};
use sqlx::postgres::PgConnectOptions;

use crate::{
    store::{Attempt, Store, open_pool, run_script},
    vendor::{Refusal, VendorCommand, VendorEvent, VendorState},
};

/// The framework over its event store, without queries.
pub struct PostgresEs(PostgresCqrs<VendorState>);

impl Store for PostgresEs {
    const MAX_CONNECTIONS: u32 = 32;

    async fn prepare(database: &PgConnectOptions) -> Result<()> {
        run_script(database, include_str!("postgres_es.sql")).await
    }

    async fn open(database: PgConnectOptions, connections: u32) -> Result<Self> {
        let repository = PostgresEventRepository::new(open_pool(database, connections).await?);
        let store = PersistedEventStore::new_event_store(repository);
        Ok(Self(CqrsFramework::new(store, vec![], ())))
    }

    async fn execute(&self, command: VendorCommand) -> Result<Attempt> {
        let id = command.vendor_id.to_string();
        match self.0.execute(&id, command).await {
            Ok(()) => Ok(Attempt::Committed),
            Err(AggregateError::AggregateConflict) => Ok(Attempt::Conflict),
            Err(error) => Err(error.into()),
        }
    }
}

impl Aggregate for VendorState {
    const TYPE: &'static str = "vendor";
    type Command = VendorCommand;
    type Event = VendorEvent;
    type Error = Refusal;
    type Services = ();

    async fn handle(&mut self, command: VendorCommand, (): &(), sink: &EventSink<Self>) -> Result<(), Refusal> {
        let event = self.decide(command)?;
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: VendorEvent) {
        VendorState::apply(self, &event);
    }
}

impl DomainEvent for VendorEvent {
    fn event_type(&self) -> String {
        self.name().into()
    }

    fn event_version(&self) -> String {
        "1".into()
    }
}
