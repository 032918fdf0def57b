//! Personal data on its way to the log.

use commands::{execute::ExecuteError, handlers::OnStream};
use domain::{
    ids::{PersonId, ResidentId},
    personal::{Contact, PersonName},
    resident::{Profile, Resident, ResidentCommand},
};
use sqlx::Row;
use store::personal::PersonalData;
use uuid::Uuid;

use crate::{
    office::{Office, carry_out, create, given, stream_of, update, vendor_id},
    support::OURS,
};

const ADA: ResidentId = ResidentId(Uuid::from_u128(0xada));

fn profile(family: &str) -> Profile {
    Profile {
        name: PersonName {
            given: "Ada".into(),
            family: family.into(),
        },
        contact: Contact {
            email: Some("ada@example.com".into()),
            phone: None,
        },
        birth_date: None,
        emergency_contacts: Vec::new(),
    }
}

fn take_up(family: &str) -> OnStream<Resident> {
    let profile = profile(family);
    OnStream::begin(ADA, ResidentCommand::Create { resident: ADA, profile })
}

fn record(family: &str) -> OnStream<Resident> {
    let profile = profile(family);
    OnStream::of(ADA, ResidentCommand::Update { resident: ADA, profile })
}

/// Every byte that the database keeps of anything.
async fn everything_stored(office: &Office) -> String {
    let mut superuser = office.database.superuser().await;
    let rows = sqlx::query("SELECT e::text FROM events e UNION ALL SELECT k::text FROM personal_keys k")
        .fetch_all(&mut superuser)
        .await
        .unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

#[tokio::test]
async fn nothing_about_a_person_is_stored_readable_and_whoever_has_the_keys_can_read_it() {
    let office = Office::open().await;
    let process = office.process().await;
    let receipt = carry_out(&process, 2, &take_up("Lovelace")).await;
    carry_out(&process, 3, &record("King")).await;
    let stored = everything_stored(&office).await;
    for word in ["Ada", "Lovelace", "King", "ada@example.com"] {
        assert!(!stored.contains(word), "{word}");
    }
    let stream = commands::log::StreamId::of::<Resident>(ADA);
    let events = process.log().stream(OURS, stream).await.unwrap();
    assert_eq!(receipt.written[0].event_id, events[0].event_id);

    let personal = PersonalData::new(office.secrets().master);
    let pool = office.database.pools().await.stream;
    let subject = (OURS, PersonId::from(ADA));
    let keys = personal
        .load_keys(&mut pool.acquire().await.unwrap(), [subject])
        .await
        .unwrap();
    for (event, name) in events.iter().zip(["Lovelace", "King"]) {
        let opened = keys.open(OURS, event.payload.get()).unwrap();
        assert!(opened.contains(name), "{opened}");
    }
}

#[tokio::test]
async fn whatever_process_writes_about_a_person_uses_the_same_key() {
    let office = Office::open().await;
    let (process, other) = (office.process().await, office.process().await);
    carry_out(&process, 2, &take_up("Lovelace")).await;
    carry_out(&other, 3, &record("King")).await;
    let keys: i64 = sqlx::query_scalar("SELECT count(*) FROM personal_keys")
        .fetch_one(&office.database.pools().await.stream)
        .await
        .unwrap();
    assert_eq!(keys, 1);
}

#[tokio::test]
async fn a_command_that_is_not_written_leaves_no_key() {
    let office = Office::open().await;
    let (process, other) = (office.process().await, office.process().await);
    carry_out(&process, 2, &take_up("Lovelace")).await;
    let keys = async || -> Vec<u8> {
        let pool = office.database.pools().await.stream;
        sqlx::query_scalar("SELECT wrapped FROM personal_keys")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    let key = keys().await;
    // The other process takes her for new, and makes a key; the log knows better.
    let refused = other.execute(&given(3), &take_up("King")).await;
    assert_eq!(crate::office::rule(refused), "resident-exists");
    assert_eq!(keys().await, key);
    // The same command again, with another key in hand: the first one stays.
    assert!(carry_out(&other, 2, &take_up("Lovelace")).await.repeated);
    assert_eq!(keys().await, key);
}

#[tokio::test]
async fn nothing_more_is_written_about_a_person_who_was_erased() {
    let office = Office::open().await;
    let process = office.process().await;
    carry_out(&process, 2, &create(1)).await;
    let pool = office.database.pools().await.stream;
    let subject = (OURS, PersonId::from(vendor_id(1)));
    let erased = PersonalData::new(office.secrets().master)
        .erase(&pool, subject)
        .await
        .unwrap();
    assert!(erased);
    // A process that has her key in its memory may use it a little longer; what it writes is unreadable all the same.
    let other = office.process().await;
    let refused = other.execute(&given(3), &update(1, "Drip Ltd")).await;
    assert!(
        matches!(refused, Err(ExecuteError::PersonErased { person }) if person == subject.1),
        "{refused:?}"
    );
    assert_eq!(stream_of(&process, 1).await.len(), 1);
}
