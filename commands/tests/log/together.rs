//! Calls for the commands of several shards: where each stands, and that none waits for another's shard.

use commands::{
    Metrics,
    log::{EventLog, heads},
};
use domain::ids::OrganizationId;
use prometheus_client::{encoding::text::encode, registry::Registry};
use sqlx::Connection;
use store::testing::TestDatabase;
use uuid::Uuid;

use crate::{
    batches::{app, pair},
    support::{Build, Call, OURS, SCHEMA, THEIRS, code, command, new_log, vendor},
    trust::{begun, resting, resting_pair},
};

#[tokio::test]
async fn a_position_that_was_never_written_is_not_believed() {
    let (database, log) = new_log().await;
    begun(&log).await;
    let mut app = app(&database).await;
    let seen = |seen| Call { seen, ..resting_pair() };
    for shards in [&[10][..], &[10, 5]] {
        let violation = seen(2).trust(&mut app, shards).await.unwrap_err();
        assert_eq!(code(&violation), "23505", "{violation}");
    }
    let alone = |id, seen| Call {
        commands: vec![(OURS, id)],
        streams: vec![(1, vendor(90), 1), (1, vendor(id), 0)],
        events: vec![2],
        seen,
        ..Call::plain()
    };
    let violation = alone(7, 2).make_alone(&mut app, 10).await.unwrap_err();
    assert_eq!(code(&violation), "23505", "{violation}");
    assert_eq!(alone(7, 1).make_alone(&mut app, 10).await.unwrap(), Some(2));
    assert_eq!(seen(1).trust(&mut app, &[10]).await.unwrap(), Some(vec![]));
    assert_eq!(heads(&database.pools().await.stream).await.unwrap()[10], 4);
}

/// A command of ours, on shard 10, with two events, and one of theirs, on shard 5.
fn of_two_shards() -> Call {
    Call {
        commands: vec![(OURS, 1), (THEIRS, 2)],
        homes: vec![2, 1],
        events: vec![1, 1, 2],
        ..resting(pair())
    }
}

#[tokio::test]
async fn commands_of_several_shards_are_written_in_one_call() {
    let (database, log) = new_log().await;
    begun(&log).await;
    let mut app = app(&database).await;
    assert_eq!(of_two_shards().trust(&mut app, &[5, 10]).await.unwrap(), Some(vec![]));
    let stale = Call {
        commands: vec![(OURS, 3), (THEIRS, 4)],
        streams: vec![
            (1, vendor(1), 2),
            (2, vendor(2), 2),
            (1, vendor(90), 1),
            (2, vendor(90), 1),
        ],
        ..of_two_shards()
    };
    assert_eq!(stale.trust(&mut app, &[5, 10]).await.unwrap(), Some(vec![2]));
    let rows = sqlx::query_as::<_, (i16, i64, Uuid, i64, Uuid, i32)>(
        "SELECT shard, position, tenant_id, sequence, command_id, command_index FROM events WHERE position > 1 ORDER BY shard, position",
    )
    .fetch_all(&database.pools().await.stream)
    .await
    .unwrap();
    let (first, second, third) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
    let expected = [
        (5, 2, THEIRS.0, 1, second, 0),
        (10, 2, OURS.0, 1, first, 0),
        (10, 3, OURS.0, 2, first, 1),
        (10, 4, OURS.0, 3, third, 0),
        (10, 5, OURS.0, 4, third, 1),
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn an_organization_is_not_written_to_another_shard_of_the_call() {
    let (database, log) = new_log().await;
    begun(&log).await;
    let mut app = app(&database).await;
    let wrong = [
        ("each in the other's", vec![1, 2]),
        ("both in one", vec![2, 2]),
        ("in none", vec![3, 1]),
    ];
    for (what, homes) in wrong {
        let call = Call {
            homes,
            ..of_two_shards()
        };
        match call.trust(&mut app, &[5, 10]).await {
            Ok(stale) => assert_eq!(stale, None, "{what}"),
            Err(violation) => assert!(code(&violation).starts_with("23"), "{what}: {violation}"),
        }
    }
    let violation = of_two_shards().trust(&mut app, &[10, 10]).await;
    assert!(!matches!(violation, Ok(Some(_))), "a shard twice");
    assert_eq!(
        heads(&database.pools().await.stream).await.unwrap().iter().sum::<i64>(),
        2
    );
}

#[tokio::test]
async fn a_shard_that_others_write_is_waited_for_only_with_patience() {
    let (database, log) = new_log().await;
    begun(&log).await;
    let (mut app, mut other) = (app(&database).await, app(&database).await);
    let mut writing = other.begin().await.unwrap();
    assert_eq!(resting_pair().trust(&mut writing, &[10]).await.unwrap(), Some(vec![]));
    let next = Call {
        commands: vec![(OURS, 3), (OURS, 4)],
        streams: vec![(1, vendor(3), 0), (2, vendor(4), 0), (1, vendor(90), 1)],
        ..resting_pair()
    };
    let together = Call {
        homes: vec![2, 2],
        ..next.clone()
    };
    assert_eq!(next.trust(&mut app, &[10]).await.unwrap(), None);
    assert_eq!(together.trust(&mut app, &[5, 10]).await.unwrap(), None);
    let alone = Call {
        streams: vec![(1, vendor(90), 1), (1, vendor(5), 0)],
        events: vec![2],
        commands: vec![(OURS, 5)],
        ..Call::plain()
    };
    assert_eq!(alone.make_alone(&mut app, 10).await.unwrap(), None);
    let patient = tokio::spawn(async move { next.trust_with(&mut app, &[10], true).await });
    writing.commit().await.unwrap();
    assert_eq!(patient.await.unwrap().unwrap(), Some(vec![]));
    assert_eq!(heads(&database.pools().await.stream).await.unwrap()[10], 5);
}

#[tokio::test]
async fn commands_of_many_organizations_go_together() {
    let database = TestDatabase::new(SCHEMA).await;
    let metrics = Metrics::default();
    let log = EventLog::new(database.pools().await.app, metrics.clone());
    let organizations: Vec<OrganizationId> = (1..=64).map(|n| OrganizationId(Uuid::from_u128(n))).collect();
    let append = |of: OrganizationId, id: u128, sequence| {
        log.append(command(id).of(of).expecting(vendor(1), sequence).writing(vendor(1), 1))
    };
    for (id, of) in (1..).zip(&organizations) {
        append(*of, id, 0).await.unwrap();
    }
    let begun = calls(&metrics);
    let appends = (1_001..).zip(&organizations).map(|(id, of)| append(*of, id, 1));
    for appended in futures::future::join_all(appends).await {
        assert!(!appended.unwrap().repeated);
    }
    let made = calls(&metrics) - begun;
    assert!(made < 16, "{made} calls for commands of 64 organizations on 16 shards");
    let written: i64 = heads(&database.pools().await.stream).await.unwrap().iter().sum();
    assert_eq!(written, 128);
}

/// How many calls were made.
fn calls(metrics: &Metrics) -> u64 {
    let mut registry = Registry::default();
    metrics.register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    let count = text
        .lines()
        .find_map(|line| line.strip_prefix("append_batch_commands_count "));
    count.unwrap().parse().unwrap()
}
