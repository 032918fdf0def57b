use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::personal::Personal;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{MIGRATIONS, organization, testing::TestDatabase};

const US: OrganizationId = OrganizationId(Uuid::from_u128(1));
const THEM: OrganizationId = OrganizationId(Uuid::from_u128(2));
const ADA: PersonId = PersonId(Uuid::from_u128(11));
const BOB: PersonId = PersonId(Uuid::from_u128(12));

fn personal_data(master: u8) -> PersonalData {
    PersonalData::new(MasterKey::new(&[master; 32]).unwrap())
}

/// Keys of our Ada and our Bob.
fn keys() -> Keys {
    let data = personal_data(7);
    let mut keys = Keys::default();
    for person in [ADA, BOB] {
        keys.insert((US, person), data.new_key((US, person)).unwrap().0);
    }
    keys
}

fn payload() -> String {
    json!({
        "type": "tenant.created",
        "name": Personal::of(ADA, "Ada Lovelace"),
        "guarantors": [{"name": Personal::of(BOB, "Bob"), "since": "2026-01-01"}],
        "rent": 120_000_i64,
    })
    .to_string()
}

#[test]
fn what_is_sealed_is_unreadable_and_opens_to_the_same() {
    let keys = keys();
    let sealed = keys.seal(US, &payload()).unwrap().into_owned();
    assert!(!sealed.contains("Ada") && !sealed.contains("Bob"), "{sealed}");
    assert!(sealed.contains("120000") && sealed.contains("2026-01-01"), "{sealed}");
    let opened: Value = serde_json::from_str(&keys.open(US, &sealed).unwrap()).unwrap();
    assert_eq!(opened, serde_json::from_str::<Value>(&payload()).unwrap());
}

#[test]
fn the_domain_reads_each_form() {
    let keys = keys();
    let clear = serde_json::to_string(&Personal::of(ADA, "Ada")).unwrap();
    let sealed = keys.seal(US, &clear).unwrap();
    let read = |payload: &str| serde_json::from_str::<Personal<String>>(payload).unwrap();
    assert!(matches!(read(&sealed), Personal::Sealed { person: ADA, .. }));
    assert_eq!(
        read(&keys.open(US, &sealed).unwrap()),
        Personal::of(ADA, "Ada".to_owned())
    );
    assert_eq!(
        read(&Keys::default().open(US, &sealed).unwrap()),
        Personal::Erased { person: ADA }
    );
}

#[test]
fn the_same_value_never_looks_the_same() {
    let keys = keys();
    assert_ne!(keys.seal(US, &payload()).unwrap(), keys.seal(US, &payload()).unwrap());
}

#[test]
fn a_payload_without_personal_data_comes_back_byte_for_byte() {
    let payload = r#"{"b":  1, "a": 1.50}"#;
    assert!(matches!(Keys::default().seal(US, payload).unwrap(), Cow::Borrowed(same) if same == payload));
    assert!(matches!(Keys::default().open(US, payload).unwrap(), Cow::Borrowed(same) if same == payload));
}

#[test]
fn without_a_key_nothing_is_sealed() {
    let refused = Keys::default().seal(US, &payload()).unwrap_err();
    assert!(matches!(refused, PersonalError::NoKey(_)), "{refused}");
}

#[test]
fn a_sealed_value_moved_to_another_person_or_organization_does_not_open() {
    let keys = keys();
    let clear = serde_json::to_string(&Personal::of(ADA, "Ada")).unwrap();
    let sealed = keys.seal(US, &clear).unwrap();
    let key = keys.of((US, ADA)).unwrap();
    let (_, text) = sealed.split_once("\"sealed\":\"").unwrap();
    let bytes = STANDARD.decode(text.split_once('"').unwrap().0).unwrap();
    assert_eq!(key.open((US, ADA), &bytes).unwrap().as_slice(), b"\"Ada\"");
    assert!(key.open((US, BOB), &bytes).is_err());
    assert!(key.open((THEM, ADA), &bytes).is_err());
}

#[test]
fn every_changed_byte_of_a_sealed_value_is_noticed() {
    let data = personal_data(7);
    let (key, _) = data.new_key((US, ADA)).unwrap();
    let sealed = key.seal((US, ADA), b"secret").unwrap();
    for position in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[position] ^= 1;
        assert!(key.open((US, ADA), &changed).is_err(), "byte {position}");
        assert!(key.open((US, ADA), &sealed[..position]).is_err(), "cut at {position}");
    }
}

#[test]
fn a_payload_names_its_persons_once_each_whatever_their_form() {
    let mut both = keys();
    let sealed = both.seal(US, &payload()).unwrap().into_owned();
    both.0.remove(&(US, BOB));
    let half_erased = both.open(US, &sealed).unwrap();
    for payload in [&payload(), &sealed, &*half_erased] {
        let mut persons = persons_in(payload).unwrap();
        persons.sort_unstable();
        assert_eq!(persons, [ADA, BOB], "{payload}");
    }
    assert!(persons_in(r#"{"name":"Ada"}"#).unwrap().is_empty());
}

#[test]
fn only_a_clear_value_is_clear() {
    let keys = keys();
    let sealed = keys.seal(US, &payload()).unwrap().into_owned();
    assert!(has_clear_value(&payload()).unwrap());
    assert!(!has_clear_value(&sealed).unwrap());
    assert!(!has_clear_value(&Keys::default().open(US, &sealed).unwrap()).unwrap());
}

#[test]
fn a_mark_on_anything_else_is_an_error() {
    for payload in [
        r#"{"$personal": 1}"#,
        r#"{"$personal": {"value": 1}}"#,
        r#"[{"$personal": {"person": "Ada"}}]"#,
    ] {
        assert!(
            matches!(keys().seal(US, payload), Err(PersonalError::Malformed)),
            "{payload}"
        );
    }
    assert!(matches!(keys().seal(US, "$personal"), Err(PersonalError::Json(_))));
}

/// JSON as events hold it, with personal data strewn in.
fn any_payload() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(Value::Null),
    ];
    let personal = (prop_oneof![Just(ADA), Just(BOB)], any::<String>())
        .prop_map(|(person, value)| serde_json::to_value(Personal::of(person, value)).unwrap());
    prop_oneof![plain, personal].prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,8}", inner, 0..5).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn opening_undoes_sealing_and_nothing_clear_is_left(payload in any_payload()) {
        let keys = keys();
        let sealed = keys.seal(US, &payload.to_string()).unwrap().into_owned();
        prop_assert!(!has_clear_value(&sealed).unwrap());
        let opened: Value = serde_json::from_str(&keys.open(US, &sealed).unwrap()).unwrap();
        prop_assert_eq!(opened, payload);
    }
}

/// A database that holds our Ada's and their Bob's keys, and who wrapped them.
async fn database() -> (TestDatabase, PersonalData) {
    let database = TestDatabase::new(&[("store", MIGRATIONS)]).await;
    let data = personal_data(7);
    for subject in [(US, ADA), (THEM, BOB)] {
        let (_, wrapped) = data.new_key(subject).unwrap();
        sqlx::query("INSERT INTO personal_keys (tenant_id, person_id, wrapped) VALUES ($1, $2, $3)")
            .bind(subject.0.0)
            .bind(subject.1.0)
            .bind(wrapped)
            .execute(&mut database.superuser().await)
            .await
            .unwrap();
    }
    (database, data)
}

const ALL: [Subject; 4] = [(US, ADA), (US, BOB), (THEM, ADA), (THEM, BOB)];

fn found(keys: &Keys) -> Vec<Subject> {
    ALL.into_iter().filter(|subject| keys.has(*subject)).collect()
}

#[tokio::test]
async fn the_stream_role_finds_every_key_and_an_organizations_reader_its_own() {
    let (database, data) = database().await;
    let pools = database.pools().await;
    let mut read = organization::read(&pools.app, US).await.unwrap();
    assert_eq!(found(&data.load_keys(&mut read, ALL).await.unwrap()), [(US, ADA)]);
    let mut stream = pools.stream.acquire().await.unwrap();
    assert_eq!(
        found(&data.load_keys(&mut stream, ALL).await.unwrap()),
        [(US, ADA), (THEM, BOB)]
    );
}

#[test]
fn an_unwrapped_key_opens_what_the_new_one_sealed() {
    let (key, wrapped) = personal_data(7).new_key((US, ADA)).unwrap();
    let reader = personal_data(7).master.unwrap((US, ADA), &wrapped).unwrap();
    let sealed = key.seal((US, ADA), b"secret").unwrap();
    assert_eq!(reader.open((US, ADA), &sealed).unwrap().as_slice(), b"secret");
}

#[tokio::test]
async fn an_erased_person_has_no_key_any_more_not_even_a_cached_one() {
    let (database, data) = database().await;
    let stream = database.pools().await.stream;
    let mut connection = stream.acquire().await.unwrap();
    assert!(data.load_keys(&mut connection, ALL).await.unwrap().has((US, ADA)));
    assert!(data.erase(&stream, (US, ADA)).await.unwrap());
    assert_eq!(
        found(&data.load_keys(&mut connection, ALL).await.unwrap()),
        [(THEM, BOB)]
    );
    assert!(!data.erase(&stream, (US, ADA)).await.unwrap());
}

#[tokio::test]
async fn another_master_key_is_noticed() {
    let (database, _) = database().await;
    let mut connection = database.pools().await.stream.acquire().await.unwrap();
    let refused = personal_data(8).load_keys(&mut connection, ALL).await.err().unwrap();
    assert!(matches!(refused, PersonalError::OtherMasterKey(_)), "{refused}");
}

#[tokio::test]
async fn the_app_role_can_neither_add_nor_delete_a_key() {
    let (database, data) = database().await;
    let app = database.pools().await.app;
    let refused = data.erase(&app, (US, ADA)).await.unwrap_err();
    assert!(matches!(refused, PersonalError::Database(_)), "{refused}");
    let refused = sqlx::query("INSERT INTO personal_keys (tenant_id, person_id, wrapped) VALUES ($1, $2, '')")
        .bind(US.0)
        .bind(BOB.0)
        .execute(&app)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
}
