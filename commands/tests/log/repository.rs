//! cqrs-es's own framework on the log.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use commands::{LogRepository, log::EventLog};
use cqrs_es::{
    AggregateError, CqrsFramework, EventEnvelope, EventStore, Query,
    persist::{PersistedEventStore, QueryReplay},
};
use domain::{
    Root,
    context::Context,
    property::{Address, Property, PropertyCommand, PropertyDetails, PropertyEvent, PropertyKind},
    vendor::{Vendor, VendorCommand},
};
use schemas::Metadata;
use uuid::Uuid;

use crate::{
    office::{profile, vendor_id},
    support::{NEIGHBOURS, OURS, command, new_log},
};

fn repository(log: &EventLog) -> LogRepository {
    LogRepository::new(log.clone(), OURS, command(5).metadata)
}

fn framework<A: Root>(log: &EventLog) -> CqrsFramework<A, PersistedEventStore<LogRepository, A>> {
    let store = PersistedEventStore::new_event_store(repository(log));
    CqrsFramework::new(store, Vec::new(), Context::sample())
}

fn details(name: &str) -> PropertyDetails {
    PropertyDetails {
        name: name.into(),
        kind: PropertyKind::MultiFamily,
        address: Address {
            street: "1 Main Street".into(),
            city: "Springfield".into(),
            region: "IL".into(),
            postal_code: "62701".into(),
            country: "US".into(),
        },
        year_built: None,
        amenities: Vec::new(),
    }
}

fn id(n: u128) -> String {
    Uuid::from_u128(n).to_string()
}

fn create(name: &str) -> PropertyCommand {
    PropertyCommand::Create { details: details(name) }
}

fn update(name: &str) -> PropertyCommand {
    PropertyCommand::Update { details: details(name) }
}

#[tokio::test]
async fn its_framework_carries_out_commands_on_a_stream() {
    let (_database, log) = new_log().await;
    let framework = framework::<Property>(&log);
    framework.execute(&id(1), create("Elm House")).await.unwrap();
    framework.execute(&id(1), update("Oak House")).await.unwrap();
    let refused = framework.execute(&id(1), create("Elm House")).await;
    assert!(matches!(refused, Err(AggregateError::UserError(_))), "{refused:?}");
    let store = PersistedEventStore::<_, Property>::new_event_store(repository(&log));
    let sequences: Vec<_> = store
        .load_events(&id(1))
        .await
        .unwrap()
        .iter()
        .map(|event| event.sequence)
        .collect();
    assert_eq!(sequences, [1, 2]);
}

#[tokio::test]
async fn what_it_writes_is_what_the_log_and_its_readers_know() {
    let (_database, log) = new_log().await;
    let metadata = HashMap::from([("traceparent".to_owned(), "00-1-2-01".to_owned())]);
    let framework = framework::<Property>(&log);
    framework
        .execute_with_metadata(&id(1), create("Elm House"), metadata)
        .await
        .unwrap();
    let stream = commands::log::StreamId::of::<Property>(Uuid::from_u128(1).into());
    let [event] = log.stream(OURS, stream).await.unwrap().try_into().unwrap();
    assert_eq!(
        (event.event_type.as_str(), event.event_version),
        ("property.created", 1)
    );
    let traced = Metadata {
        traceparent: Some("00-1-2-01".into()),
        ..command(5).metadata
    };
    assert_eq!(event.metadata, traced);
    assert_eq!(log.stream(NEIGHBOURS, stream).await.unwrap().len(), 0);
}

#[tokio::test]
async fn of_two_that_write_at_the_same_place_one_is_told_so() {
    let (_database, log) = new_log().await;
    framework::<Property>(&log)
        .execute(&id(1), create("Elm House"))
        .await
        .unwrap();
    let store = PersistedEventStore::<_, Property>::new_event_store(repository(&log));
    let (one, other) = (
        store.load_aggregate(&id(1)).await.unwrap(),
        store.load_aggregate(&id(1)).await.unwrap(),
    );
    let updated = |name| vec![PropertyEvent::Updated { details: details(name) }];
    store.commit(updated("Oak House"), one, HashMap::new()).await.unwrap();
    let lost = store.commit(updated("Oak House"), other, HashMap::new()).await;
    assert!(matches!(lost, Err(AggregateError::AggregateConflict)), "{lost:?}");
}

#[derive(Default)]
struct Seen(Arc<Mutex<Vec<(String, usize)>>>);

#[async_trait]
impl Query<Property> for Seen {
    async fn dispatch(&self, aggregate_id: &str, events: &[EventEnvelope<Property>]) {
        let mut seen = self.0.lock().unwrap();
        seen.extend(events.iter().map(|event| (aggregate_id.to_owned(), event.sequence)));
    }
}

#[tokio::test]
async fn its_replay_sees_every_event_of_a_type_in_the_order_of_the_log() {
    let (_database, log) = new_log().await;
    let framework = framework::<Property>(&log);
    framework.execute(&id(2), create("Elm House")).await.unwrap();
    framework.execute(&id(1), create("Ash House")).await.unwrap();
    framework.execute(&id(2), update("Oak House")).await.unwrap();
    let seen = Seen::default();
    let list = seen.0.clone();
    let mut replay = QueryReplay::new(repository(&log), seen);
    replay.use_error_handler(Box::new(|error| panic!("{error}")));
    replay.replay_all().await.unwrap();
    assert_eq!(*list.lock().unwrap(), [(id(2), 1), (id(1), 1), (id(2), 2)]);
    list.lock().unwrap().clear();
    replay.replay(&id(2)).await.unwrap();
    assert_eq!(*list.lock().unwrap(), [(id(2), 1), (id(2), 2)]);
}

#[tokio::test]
async fn a_replay_that_the_database_ends_says_so() {
    let (database, log) = new_log().await;
    framework::<Property>(&log)
        .execute(&id(1), create("Elm House"))
        .await
        .unwrap();
    database.pools().await.app.close().await;
    let mut replay = QueryReplay::new(repository(&log), Seen::default());
    let errors = Arc::new(Mutex::new(Vec::new()));
    let list = errors.clone();
    replay.use_error_handler(Box::new(move |error| list.lock().unwrap().push(error.to_string())));
    replay.replay_all().await.unwrap();
    assert_eq!(errors.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn its_stores_that_need_snapshots_get_none() {
    let (_database, log) = new_log().await;
    let store = PersistedEventStore::<_, Property>::new_snapshot_store(repository(&log), 2);
    assert!(store.load_aggregate(&id(1)).await.is_err());
}

#[tokio::test]
async fn personal_data_that_it_would_write_readable_is_refused() {
    let (_database, log) = new_log().await;
    let create = VendorCommand::Create {
        vendor: vendor_id(1),
        profile: profile("Drip & Sons"),
    };
    let refused = framework::<Vendor>(&log)
        .execute(&vendor_id(1).to_string(), create)
        .await;
    assert!(
        matches!(refused, Err(AggregateError::UnexpectedError(_))),
        "{refused:?}"
    );
}
