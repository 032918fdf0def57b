//! What is made from a seed or a file is the same each time, and once is enough.

use std::{collections::BTreeMap, process::Stdio, time::Duration};

use schemas::{Cursor, Recorded, Shard};
use serde_json::Value;
use sqlx::PgConnection;
use store::{
    connect,
    personal::{Keys, PersonalData, persons_in},
    secrets::Secrets,
};
use streams::{Limit, LogSource, Source};
use tests::Installation;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    PROPERTYOS,
    load::{superuser, take_over_sample},
};

const WHOLE: Limit = Limit {
    events: 1_000_000,
    bytes: 1 << 30,
};

/// Every event of every stream, in order, with what it says.
pub type Story = BTreeMap<(String, Uuid, i64), String>;

/// The whole log, with the personal data in it opened.
pub async fn story(installation: &Installation) -> Story {
    let pools = connect(&installation.database().unwrap().settings()).await.unwrap();
    let secrets = Secrets::in_folder(&installation.data_folder().join("secrets")).unwrap();
    let personal = PersonalData::new(secrets.master);
    let cursors: Vec<Cursor> = Shard::all().map(Cursor::start).collect();
    let batches = LogSource::new(pools.stream.clone())
        .fetch(&cursors, WHOLE)
        .await
        .unwrap();
    let events: Vec<Recorded> = batches.into_iter().flat_map(|batch| batch.events).collect();
    let subjects = events.iter().flat_map(|event| {
        let persons = persons_in(event.payload.get()).unwrap();
        persons.into_iter().map(|person| (event.tenant_id, person))
    });
    let mut connection = pools.stream.acquire().await.unwrap();
    let keys = personal.load_keys(&mut connection, subjects).await.unwrap();
    events.iter().map(|event| told(event, &keys)).collect()
}

fn told(event: &Recorded, keys: &Keys) -> ((String, Uuid, i64), String) {
    let payload: Value = serde_json::from_str(&keys.open(event.tenant_id, event.payload.get()).unwrap()).unwrap();
    assert!(!payload.to_string().contains("\"sealed\""), "{payload}");
    let place = (event.aggregate_type.clone(), event.aggregate_id, event.sequence);
    let metadata = &event.metadata;
    let words = format!(
        "{} {} v{} by {} of {} at {} on {}: {payload}",
        event.event_id,
        event.event_type,
        event.event_version,
        event.command_id,
        metadata.actor,
        metadata.occurred_at,
        metadata.effective_date,
    );
    (place, words)
}

/// The rents that a portfolio's units would bring, lowest first.
fn market_rents(story: &Story) -> Vec<i64> {
    let mut rents: Vec<i64> = story
        .iter()
        .filter(|((kind, _, sequence), _)| kind == "unit" && *sequence == 1)
        .map(|(_, words)| {
            let (_, payload) = words.split_once(": ").unwrap();
            let payload: Value = serde_json::from_str(payload).unwrap();
            find(&payload, "marketRent").unwrap()["minor"].as_i64().unwrap()
        })
        .collect();
    rents.sort_unstable();
    rents
}

/// The value under a name, wherever it stands.
fn find<'v>(json: &'v Value, name: &str) -> Option<&'v Value> {
    match json {
        Value::Object(fields) => fields
            .get(name)
            .or_else(|| fields.values().find_map(|field| find(field, name))),
        Value::Array(items) => items.iter().find_map(|item| find(item, name)),
        _ => None,
    }
}

/// Says which event is the first that differs.
pub fn are_equal(one: &Story, another: &Story) {
    for (one, another) in one.iter().zip(another) {
        assert_eq!(one, another);
    }
    assert_eq!(one.len(), another.len());
}

pub async fn simulated(seed: &str) -> (Installation, String) {
    let installation = Installation::on_shared_server(PROPERTYOS).await;
    installation.output(&["migrate"]).await;
    let organization = simulate(&installation, seed).await;
    (installation, organization)
}

pub fn demo(seed: &str) -> [&str; 7] {
    ["demo", "--units", "12", "--months", "3", "--seed", seed]
}

async fn simulate(installation: &Installation, seed: &str) -> String {
    installation.output(&demo(seed)).await
}

#[tokio::test]
async fn a_seed_gives_one_portfolio_wherever_and_however_often_it_is_simulated() {
    let ((first, organization), (second, again), (other, of_another_seed)) =
        tokio::join!(simulated("7"), simulated("7"), simulated("8"));
    assert_eq!(organization, again);
    assert_ne!(organization, of_another_seed);
    let story_of_first = story(&first).await;
    assert!(story_of_first.len() > 200, "only {} events", story_of_first.len());
    let story_of_second = story(&second).await;
    are_equal(&story_of_first, &story_of_second);
    assert_ne!(market_rents(&story_of_first), market_rents(&story(&other).await));

    assert_eq!(simulate(&first, "7").await, organization);
    are_equal(&story(&first).await, &story_of_first);
}

#[tokio::test]
async fn a_simulation_that_is_cut_off_goes_on_as_if_it_had_not_been() {
    let installation = Installation::on_shared_server(PROPERTYOS).await;
    installation.output(&["migrate"]).await;
    let mut log = superuser(&installation).await;
    for enough in [100, 250, 400] {
        let mut cut_off = installation.command(&demo("7")).stderr(Stdio::null()).spawn().unwrap();
        while events(&mut log).await < enough {
            assert!(cut_off.try_wait().unwrap().is_none(), "it ended before {enough} events");
            sleep(Duration::from_millis(2)).await;
        }
        cut_off.kill().await.unwrap();
    }
    simulate(&installation, "7").await;
    let (undisturbed, _) = simulated("7").await;
    are_equal(&story(&installation).await, &story(&undisturbed).await);
}

pub async fn events(log: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM events")
        .fetch_one(log)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_rent_roll_that_is_taken_over_twice_is_taken_over_once() {
    let installation = Installation::on_shared_server(PROPERTYOS).await;
    installation.output(&["migrate"]).await;
    installation.output(&["org", "create", "My company"]).await;
    take_over_sample(&installation).await;
    let once = story(&installation).await;
    assert!(once.len() > 200, "only {} events", once.len());
    take_over_sample(&installation).await;
    are_equal(&story(&installation).await, &once);
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM personal_keys")
        .fetch_one(&mut superuser(&installation).await)
        .await
        .unwrap();
    let residents = once
        .keys()
        .filter(|(kind, _, sequence)| kind == "tenant" && *sequence == 1);
    assert_eq!(usize::try_from(keys).unwrap(), residents.count());
}
