use chrono::TimeDelta;
use domain::{
    claim::Claim,
    ids::{ClaimId, CommandId},
};
use serde_json::value::RawValue;
use store::testing::TestDatabase;

use super::*;
use crate::{
    log::NewEvent,
    testing::{OURS, command, database},
};

/// A load that writes two events at a time, and remembers what is at rest for four.
async fn whole(database: &TestDatabase) -> Whole {
    let log = BulkLog::open(database.owner().await, OURS, 2).await.unwrap();
    Whole::new(log, 4)
}

fn claim(n: u128) -> StreamId {
    StreamId::of::<Claim>(ClaimId(Uuid::from_u128(n)))
}

/// So many hours after the beginning.
fn at(hours: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
}

/// Writes the next event of a claim.
async fn write(whole: &mut Whole, n: u128, sequence: i64, at_rest: bool, occurred_at: DateTime<Utc>) {
    let id = CommandId(Uuid::from_u128(n * 100 + u128::from(sequence.cast_unsigned())));
    let event = NewEvent {
        stream: claim(n),
        event_id: id.derive(0),
        event_type: "claim.made".into(),
        event_version: 1,
        payload: RawValue::from_string("{}".to_owned()).unwrap(),
    };
    let mut command = NewCommand {
        expectations: vec![(claim(n), sequence - 1)],
        events: vec![event],
        ..command(id)
    };
    command.metadata.occurred_at = occurred_at;
    let known = Known {
        sequence,
        at_rest,
        ..nothing::<Claim>()
    };
    whole.append(command, vec![(claim(n), known)]).await.unwrap();
}

/// Writes the first event of some claims that don't come to rest.
async fn write_others(whole: &mut Whole, claims: std::ops::Range<u128>) {
    for n in claims {
        write(whole, n, 1, false, at(0)).await;
    }
}

fn knows(whole: &Whole, n: u128) -> bool {
    whole.find::<Claim>(claim(n)).is_some()
}

#[tokio::test]
async fn what_is_at_rest_is_let_go_of_unless_it_wakes_up() {
    let database = database().await;
    let mut whole = whole(&database).await;
    write(&mut whole, 1, 1, true, at(0)).await;
    write(&mut whole, 2, 1, true, at(0)).await;
    write(&mut whole, 2, 2, false, at(0)).await;
    write_others(&mut whole, 10..12).await;
    // Less than the last of it is kept: five events, one of them its own.
    assert!(knows(&whole, 2));
    write_others(&mut whole, 12..30).await;
    assert!(!knows(&whole, 1), "it is still remembered");
    assert!(knows(&whole, 2), "it woke up");
    assert!((10..30).all(|n| knows(&whole, n)));
    assert!(knows(&whole, 99), "what never was is known to be nothing");
    assert_eq!(whole.resting.len(), 0);

    write(&mut whole, 2, 3, true, at(0)).await;
    write_others(&mut whole, 30..33).await;
    assert!(knows(&whole, 2), "three events later");
    write_others(&mut whole, 33..40).await;
    assert!(!knows(&whole, 2), "it went to sleep again");
}

#[tokio::test]
async fn what_is_at_rest_is_kept_for_events_however_often_the_log_is_asked() {
    let database = database().await;
    let mut whole = whole(&database).await;
    write(&mut whole, 1, 1, true, at(0)).await;
    for n in 10..13 {
        whole.settle().await.unwrap();
        write_others(&mut whole, n..n + 1).await;
    }
    assert!(knows(&whole, 1));
    whole.settle().await.unwrap();
    write_others(&mut whole, 13..14).await;
    assert!(!knows(&whole, 1));
}

#[tokio::test]
async fn nothing_is_let_go_of_before_it_is_in_the_log() {
    let database = database().await;
    let log = BulkLog::open(database.owner().await, OURS, 100).await.unwrap();
    let mut whole = Whole::new(log, 4);
    write(&mut whole, 1, 1, true, at(0)).await;
    write_others(&mut whole, 10..30).await;
    assert!(knows(&whole, 1));
    whole.settle().await.unwrap();
    write_others(&mut whole, 30..31).await;
    assert!(!knows(&whole, 1));
}

#[tokio::test]
async fn an_aggregate_is_as_it_was_only_after_the_latest_of_it() {
    let database = database().await;
    let mut whole = whole(&database).await;
    let knows_before = |whole: &Whole, hours| whole.find_before::<Claim>(claim(1), at(hours)).is_some();
    assert!(knows_before(&whole, 1), "it isn't there yet");
    write(&mut whole, 1, 1, false, at(5)).await;
    write(&mut whole, 1, 2, true, at(3)).await;
    for (hours, known) in [(3, false), (4, false), (5, false), (6, true)] {
        assert_eq!(knows_before(&whole, hours), known, "{hours}");
    }
    write_others(&mut whole, 10..20).await;
    assert!(!knows_before(&whole, 6), "only the log knows it");
    // It is read back, which does not tell when the latest of it occurred.
    write(&mut whole, 1, 3, false, at(4)).await;
    assert!(knows(&whole, 1) && !knows_before(&whole, 6));
    write(&mut whole, 1, 4, false, at(7)).await;
    assert!(!knows_before(&whole, 8));
}
