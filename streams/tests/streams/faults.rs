//! When the server fails, projections wait; when the log isn't the one it was, they stop.

use std::sync::Arc;

use commands::log::epoch;
use schemas::Cursor;
use sqlx::Executor;
use store::testing::TestServer;
use streams::{ApplyError, Fault, RunnerError, SourceError, State, log, rebuild};

use crate::{
    support::{ONE, TWO, World, event_at, until},
    tally::Tally,
};

/// What a projection would say of a statement that failed.
async fn verdict(world: &World, sql: &str) -> ApplyError {
    let mut tx = world.pools.stream.begin().await.unwrap();
    ApplyError::from(tx.execute(sql).await.unwrap_err())
}

#[tokio::test]
async fn only_a_value_is_poison() {
    let world = World::new().await;
    for of_data in [
        "SELECT 1 / 0",
        "SELECT 'x'::int",
        "SELECT (SELECT generate_series(1, 2))",
        "INSERT INTO leases (projection, version, shard) VALUES ('x', 1, 0), ('x', 1, 0)",
        "INSERT INTO leases (projection, version, shard) VALUES ('x', 1, 99)",
        "DO $$ BEGIN RAISE EXCEPTION 'no'; END $$",
    ] {
        let verdict = verdict(&world, of_data).await;
        assert!(matches!(verdict, ApplyError::Data(_)), "{of_data}: {verdict}");
    }
    for of_the_server in [
        "SELECT FROM nowhere",
        "SELECT nothing()",
        "DROP TABLE events",
        "SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)",
        "SELECT pg_terminate_backend(pg_backend_pid())",
    ] {
        let verdict = verdict(&world, of_the_server).await;
        assert!(matches!(verdict, ApplyError::Server(_)), "{of_the_server}: {verdict}");
    }
    let missing = sqlx::query("SELECT WHERE false")
        .fetch_one(&world.pools.stream)
        .await
        .unwrap_err();
    assert!(matches!(ApplyError::from(missing), ApplyError::Data(_)));
}

#[tokio::test]
async fn connections_that_break_park_nothing() {
    let world = World::new().await;
    let tally = Tally::version(1);
    let running = world.run(&tally);
    for round in 0..30 {
        world.append(ONE, 1 + round % 3, 10).await;
        world.append(TWO, 1 + round % 3, 10).await;
        // All but those that append: whatever they are in the middle of.
        world
            .tamper(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE datname = current_database() AND usename = 'propertyos_stream'",
            )
            .await;
    }
    world.until_applied(&running).await;
    running.stop().await.unwrap();
    assert_eq!(world.ask::<i64>("SELECT count(*) FROM parked").await, 0);
    assert_eq!(world.dump(&tally).await, world.apply(&Tally::version(2)).await);
}

#[tokio::test]
async fn a_server_that_goes_away_is_waited_for() {
    let server = TestServer::own().await;
    let world = World::on(&server).await;
    world.append(ONE, 1, 5).await;
    let tally = Tally::version(1);
    let running = world.run(&tally);
    world.until_applied(&running).await;
    server.stop().await;
    let health = || running.telemetry.health()[&running.version].state.clone();
    let failing = async || matches!(health(), State::Failing { attempts, .. } if attempts > 1);
    until("the runner notices", failing).await;
    server.start().await;
    world.append(ONE, 1, 5).await;
    world.until_applied(&running).await;
    assert_eq!(health(), State::Running);
    running.stop().await.unwrap();
    assert_eq!(world.ask::<i64>("SELECT count(*) FROM parked").await, 0);
    assert_eq!(world.ask::<i64>("SELECT events FROM tally_v1.vendors").await, 10);
}

async fn stops_with(world: &World) -> Fault {
    match world.run(&Tally::version(1)).ended().await {
        Err(RunnerError::Fault(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_hole_in_the_log_stops_the_reader() {
    let world = World::new().await;
    let last = world.append(ONE, 1, 3).await;
    world
        .tamper(
            "INSERT INTO events (shard, position, epoch, tenant_id, aggregate_type, aggregate_id, sequence, event_type,
                                 event_version, payload, metadata, event_id, command_id, command_index, command_hash)
             SELECT shard, position + 2, epoch, tenant_id, aggregate_type, aggregate_id, sequence + 2, event_type,
                    event_version, payload, metadata, gen_random_uuid(), gen_random_uuid(), 0, command_hash
               FROM events WHERE position = 3",
        )
        .await;
    assert_eq!(stops_with(&world).await, Fault::Gap { after: last, found: 5 });
    assert_eq!(
        world
            .ask::<i64>("SELECT count(*) FROM leases WHERE holder IS NOT NULL")
            .await,
        0
    );
}

/// Takes the last events out of the log, as if it had been restored from a copy made before them.
async fn restore_an_older_log(world: &World, last: Cursor) {
    let table = format!("events_{}", last.shard);
    world
        .tamper(&format!(
            "ALTER TABLE {table} DISABLE TRIGGER history; DELETE FROM {table} WHERE position > {};
             ALTER TABLE {table} ENABLE ALWAYS TRIGGER history",
            last.position
        ))
        .await;
}

#[tokio::test]
async fn an_older_log_stops_the_reader_until_its_read_model_is_rebuilt() {
    let world = World::new().await;
    let tally = Tally::version(1);
    let survived = world.append(ONE, 1, 3).await;
    world.append(TWO, 1, 3).await;
    let lost = world.append(ONE, 1, 2).await;
    let known = event_at(&world, lost).await;
    world.apply(&tally).await;
    restore_an_older_log(&world, survived).await;
    let replaced = |found| Fault::Replaced {
        cursor: lost,
        known,
        found,
    };
    assert_eq!(stops_with(&world).await, replaced(None));

    // Others have been written in the place of those that were lost.
    epoch::begin(&mut world.database.owner().await).await.unwrap();
    let world = world.reopened().await;
    world.append(ONE, 7, 2).await;
    let other = event_at(&world, lost).await;
    assert_eq!(stops_with(&world).await, replaced(Some(other)));
    let beyond = log::read_models_beyond(&world.pools.stream).await.unwrap();
    assert_eq!(beyond, [("tally".to_owned(), 1)]);

    let limit = rebuild::REBUILD_BATCH;
    rebuild::rebuild(&world.pools.stream, &world.reader(), &tally, limit, |_| {})
        .await
        .unwrap();
    assert!(log::read_models_beyond(&world.pools.stream).await.unwrap().is_empty());
    world.append(ONE, 7, 1).await;
    assert_eq!(world.apply(&tally).await, world.apply(&Tally::version(2)).await);
}

#[tokio::test]
async fn a_log_on_another_server_stops_the_reader_until_a_new_epoch_says_that_it_counts() {
    let world = World::new().await;
    let tally = Tally::version(1);
    world.append(ONE, 1, 3).await;
    world.apply(&tally).await;
    world
        .tamper(
            "INSERT INTO epochs (shard, epoch, survived, system_identifier, timeline)
             SELECT shard, 2, survived, system_identifier + 1, timeline FROM epochs",
        )
        .await;
    assert_eq!(stops_with(&world).await, Fault::Moved);
    let refused = log::recognise(&world.pools.stream, &[]).await.unwrap_err();
    assert!(matches!(refused, SourceError::Fault(Fault::Moved)));

    epoch::begin(&mut world.database.owner().await).await.unwrap();
    let world = Arc::new(world.reopened().await);
    world.append(ONE, 2, 3).await;
    let cursor = world.append(TWO, 2, 3).await;
    assert_eq!(cursor.epoch, 3);
    let applied = world.apply(&tally).await;
    assert_eq!(applied, world.apply(&Tally::version(2)).await);
    assert_eq!(world.ask::<i32>("SELECT max(epoch) FROM checkpoints").await, 3);
}
