//! What can't be applied is parked, with what follows in its sequence, and nothing else.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::{prelude::*, sample::Index};
use schemas::Cursor;
use streams::{
    Sequence, SequenceId, Version,
    parked::{self, Retried},
};
use uuid::Uuid;

use crate::{
    support::{ONE, QUICK, TWO, World, event_at, metric, until},
    tally::{Refusal, Tally},
};

const OF_ONE: SequenceId = SequenceId {
    tenant_id: ONE,
    id: ONE.0,
};

async fn list(world: &World) -> Vec<parked::Parked> {
    let mut connection = world.pools.stream.acquire().await.unwrap();
    parked::list(&mut connection, Some("tally")).await.unwrap()
}

async fn retry(world: &World, tally: &Tally, sequence: SequenceId, step: u32) -> Retried {
    parked::retry(&world.pools.stream, &world.reader(), tally, sequence, step)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_event_that_cannot_be_applied_holds_back_its_organization_only() {
    let world = World::new().await;
    let first = world.append(ONE, 1, 3).await;
    let bad = world.append(ONE, 1, 1).await;
    world.append(ONE, 2, 4).await;
    world.append(TWO, 1, 5).await;
    let tally = Tally::version(1);
    tally.refuse(event_at(&world, bad).await, Refusal::Constraint);
    let running = world.run(&tally);
    world.until_applied(&running).await;
    world.append(ONE, 1, 2).await;
    world.append(TWO, 1, 5).await;
    world.until_applied(&running).await;

    let parked = list(&world).await;
    assert_eq!(parked.len(), 1);
    let only = &parked[0];
    assert_eq!(
        (only.sequence, only.cursor, only.event_type.as_str()),
        (OF_ONE, bad, "vendor.unblocked")
    );
    assert_eq!((only.waiting, only.attempts), (7, 1));
    assert!(only.error.contains("violates check constraint"), "{}", only.error);

    let applied: Vec<(Uuid, i64)> =
        sqlx::query_as("SELECT tenant_id, sum(events)::bigint FROM tally_v1.vendors GROUP BY 1 ORDER BY 1")
            .fetch_all(&world.pools.stream)
            .await
            .unwrap();
    assert_eq!(applied, [(ONE.0, first.position), (TWO.0, 10)]);

    let read = async |organization| {
        let reading = streams::read_models::read(&world.pools.app, organization, "tally", 1)
            .await
            .unwrap();
        reading.incomplete_since
    };
    assert_eq!(read(ONE).await, Some(only.recorded_at));
    assert_eq!(read(TWO).await, None);

    running.stop().await.unwrap();
    // Also to whoever starts later.
    let again = world.run(&tally);
    let parked = async || again.telemetry.health()[&again.version].parked == 1;
    until("it is told", parked).await;
    assert_eq!(metric(&again.telemetry, "parked"), 1);
    again.stop().await.unwrap();
}

#[tokio::test]
async fn by_aggregate_only_the_aggregate_is_held_back() {
    let world = World::new().await;
    let bad = world.append(ONE, 1, 1).await;
    world.append(ONE, 1, 2).await;
    world.append(ONE, 2, 2).await;
    // The same vendor's id in another organization is another sequence.
    world.append(TWO, 1, 2).await;
    let tally = Tally::by_vendor(1);
    tally.refuse(event_at(&world, bad).await, Refusal::Reason);
    world.apply(&tally).await;
    let parked = list(&world).await;
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].sequence.id, Uuid::from_u128(1));
    assert_eq!((parked[0].waiting, parked[0].error.as_str()), (3, "not this one"));
    assert_eq!(
        world
            .ask::<i64>("SELECT sum(events)::bigint FROM tally_v1.vendors")
            .await,
        4
    );
}

#[tokio::test]
async fn a_panic_parks_the_event_and_not_the_projector() {
    let world = World::new().await;
    let bad = world.append(ONE, 1, 1).await;
    world.append(TWO, 1, 2).await;
    let tally = Tally::version(1);
    tally.refuse(event_at(&world, bad).await, Refusal::Panic);
    world.apply(&tally).await;
    assert_eq!(
        list(&world).await[0].error,
        "the projection panicked; the process's log says where"
    );
    assert_eq!(
        world
            .ask::<i64>("SELECT sum(events)::bigint FROM tally_v1.vendors")
            .await,
        2
    );
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_parked() {
    let world = World::new().await;
    let payload = r#"{"type":"vendor.blocked"}"#.to_owned();
    world
        .append_all(ONE, 1, vec![("vendor.blocked", payload)], Vec::new())
        .await;
    world.append(TWO, 1, 2).await;
    let tally = Tally::version(1);
    world.apply(&tally).await;
    let parked = list(&world).await;
    assert_eq!(parked.len(), 1);
    assert!(
        parked[0].error.contains("missing field `reason`"),
        "{}",
        parked[0].error
    );
    assert_eq!(
        world
            .ask::<i64>("SELECT sum(events)::bigint FROM tally_v1.vendors")
            .await,
        2
    );
}

#[tokio::test]
async fn several_bad_events_among_many_are_each_found() {
    let world = World::new().await;
    world.append_a_history().await;
    let tally = Tally::by_vendor(1);
    let bad = [(ONE, 1), (ONE, 3), (TWO, 2)];
    for (organization, vendor) in bad {
        let position = world
            .ask(&format!(
                "SELECT position FROM events WHERE tenant_id = '{organization}' AND sequence = 7
                    AND aggregate_id = '{}'",
                Uuid::from_u128(vendor)
            ))
            .await;
        let cursor = Cursor {
            position,
            ..Cursor::start(schemas::shard_of(organization))
        };
        tally.refuse(event_at(&world, cursor).await, Refusal::Constraint);
    }
    world.apply(&tally).await;
    let mut found: Vec<_> = list(&world).await.iter().map(|parked| parked.sequence).collect();
    found.sort_unstable();
    let expected = bad.map(|(tenant_id, vendor)| SequenceId {
        tenant_id,
        id: Uuid::from_u128(vendor),
    });
    assert_eq!(found, expected);
    let behind: i64 = world.ask("SELECT count(*) FROM tally_v1.vendors WHERE last = 6").await;
    assert_eq!(behind, 3);
}

#[tokio::test]
async fn a_retry_stops_at_the_next_bad_event_and_completes_when_there_is_none() {
    let world = World::new().await;
    let first = world.append(ONE, 1, 1).await;
    world.append(ONE, 1, 4).await;
    let second = world.append(ONE, 2, 1).await;
    world.append(ONE, 1, 4).await;
    let undisturbed = world.apply(&Tally::version(1)).await;

    let tally = Tally::version(2);
    for cursor in [first, second] {
        tally.refuse(event_at(&world, cursor).await, Refusal::Reason);
    }
    world.apply(&tally).await;
    let still = |cursor, applied| Retried::Parked {
        applied,
        cursor,
        error: "not this one".into(),
    };
    assert_eq!(retry(&world, &tally, OF_ONE, 3).await, still(first, 0));
    assert_eq!(list(&world).await[0].attempts, 2);

    tally.accept_all();
    tally.refuse(event_at(&world, second).await, Refusal::Reason);
    assert_eq!(retry(&world, &tally, OF_ONE, 3).await, still(second, 5));
    let parked = &list(&world).await[0];
    assert_eq!((parked.cursor, parked.attempts, parked.waiting), (second, 1, 5));

    tally.accept_all();
    assert_eq!(
        retry(&world, &tally, OF_ONE, 3).await,
        Retried::Completed { applied: 5 }
    );
    assert!(list(&world).await.is_empty());
    assert_eq!(world.dump(&tally).await, undisturbed);

    let again = parked::retry(&world.pools.stream, &world.reader(), &tally, OF_ONE, 3).await;
    assert_eq!(again.unwrap_err().to_string(), "nothing is parked there");
}

/// Parks at some event, lets more come, and tries again while a projector runs and still more comes.
async fn parks_and_completes(world: &World, tally: &Tally, bad: Uuid, refusal: Refusal, step: u32) {
    tally.refuse(bad, refusal);
    let running = world.run_with(tally, world.feed(), QUICK);
    world.until_applied(&running).await;
    let parked = list(world).await;
    assert_eq!(parked.len(), 1, "{parked:?}");
    tally.accept_all();
    let (completed, ()) = tokio::join!(retry(world, tally, parked[0].sequence, step), async {
        for vendor in 1..=3 {
            world.append(parked[0].sequence.tenant_id, vendor, 2).await;
        }
    });
    assert!(
        matches!(completed, Retried::Completed { applied } if applied > 0),
        "{completed:?}"
    );
    world.until_applied(&running).await;
    running.stop().await.unwrap();
    assert!(list(world).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_retry_nothing_tells_that_an_event_was_ever_parked() {
    let world = World::new().await;
    world.append_a_history().await;
    let events: Vec<Uuid> = sqlx::query_scalar("SELECT event_id FROM events ORDER BY shard, position")
        .fetch_all(&world.pools.stream)
        .await
        .unwrap();
    let numbers = AtomicU32::new(1);
    let runtime = tokio::runtime::Handle::current();
    let cases = (
        any::<Index>(),
        prop::sample::select(vec![Refusal::Constraint, Refusal::Reason]),
        prop::sample::select(vec![Sequence::Organization, Sequence::Aggregate]),
        1_u32..30,
    );
    tokio::task::block_in_place(|| {
        proptest!(ProptestConfig::with_cases(12), |((index, refusal, sequence, step) in cases)| {
            let number = numbers.fetch_add(2, Ordering::Relaxed);
            let tally = |version| match sequence {
                Sequence::Organization => Tally::version(version),
                Sequence::Aggregate => Tally::by_vendor(version),
            };
            let (disturbed, undisturbed) = runtime.block_on(async {
                let disturbed = tally(number);
                parks_and_completes(&world, &disturbed, *index.get(&events), refusal, step).await;
                (world.dump(&disturbed).await, world.apply(&tally(number + 1)).await)
            });
            prop_assert_eq!(disturbed, undisturbed);
        });
    });
}

#[tokio::test]
async fn an_organization_sees_what_of_its_own_is_parked_and_nothing_else() {
    let world = World::new().await;
    let tally = Tally::version(1);
    for organization in [ONE, TWO] {
        let bad = world.append(organization, 1, 1).await;
        tally.refuse(event_at(&world, bad).await, Refusal::Reason);
    }
    world.apply(&tally).await;
    assert_eq!(list(&world).await.len(), 2);
    let mut tx = store::organization::read(&world.pools.app, TWO).await.unwrap();
    let seen = parked::list(&mut tx, None).await.unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].sequence.tenant_id, TWO);
    assert_eq!(Version::of(&tally).to_string(), "tally v1");
}
