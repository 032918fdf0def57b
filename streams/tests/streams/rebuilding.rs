//! A read model anew, in the place of the old one.

use std::time::Duration;

use sqlx::Executor;
use streams::{
    Limit,
    rebuild::{REBUILD_BATCH, RebuildError, rebuild},
};

use crate::{
    support::{ONE, TWO, World, event_at},
    tally::{Refusal, Tally},
};

async fn rebuilt(world: &World, tally: &Tally, events: usize) -> Result<u64, RebuildError> {
    let limit = Limit { events, bytes: 1 << 20 };
    let rebuilt = rebuild(&world.pools.stream, &world.reader(), tally, limit, |_| {}).await?;
    assert!(rebuilt.took > Duration::ZERO);
    Ok(rebuilt.events)
}

#[tokio::test]
async fn what_is_rebuilt_equals_what_was_kept_up_to_date() {
    let world = World::new().await;
    world.append_a_history().await;
    let tally = Tally::version(1);
    let kept = world.apply(&tally).await;
    let total = u64::try_from(world.heads().await.iter().sum::<i64>()).unwrap();
    for batch in [1_000, 7] {
        assert_eq!(rebuilt(&world, &tally, batch).await.unwrap(), total);
        assert_eq!(world.dump(&tally).await, kept);
    }
    // And goes on from where it ended.
    world.append(ONE, 1, 3).await;
    let went_on = world.apply(&tally).await;
    assert_ne!(went_on, kept);
    assert_eq!(went_on, world.apply(&Tally::version(2)).await);
}

#[tokio::test]
async fn a_rebuild_takes_the_place_of_a_read_model_that_is_being_written() {
    let world = World::new().await;
    world.append_a_history().await;
    let tally = Tally::version(1);
    let running = world.run(&tally);
    for _ in 0..3 {
        let (rebuilt, ()) = tokio::join!(rebuilt(&world, &tally, 50), async {
            for vendor in 1..=10 {
                world.append(ONE, vendor % 3 + 1, 2).await;
                world.append(TWO, vendor % 3 + 1, 1).await;
            }
        });
        rebuilt.unwrap();
    }
    world.append(ONE, 1, 1).await;
    world.until_applied(&running).await;
    running.stop().await.unwrap();
    assert_eq!(world.ask::<i64>("SELECT count(*) FROM parked").await, 0);
    assert_eq!(world.dump(&tally).await, world.apply(&Tally::version(2)).await);
    let left: i64 = world
        .ask("SELECT count(*) FROM pg_namespace WHERE nspname LIKE '%replaced'")
        .await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_reader_sees_the_old_rows_or_the_new_ones_and_the_swap_waits_for_it() {
    let world = World::new().await;
    let end = world.append(ONE, 1, 20).await;
    let tally = Tally::version(1);
    world.apply(&tally).await;
    let count = "SELECT count(*) FROM tally_v1.numbers";

    let mut reading = streams::read_models::read(&world.pools.app, ONE, "tally", 1)
        .await
        .unwrap();
    let rebuilding = rebuilt(&world, &tally, 1_000);
    let reading = async {
        world
            .until("SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'read_models'::regclass AND NOT granted)")
            .await;
        let rows: i64 = sqlx::query_scalar(count).fetch_one(&mut *reading.tx).await.unwrap();
        assert_eq!(rows, end.position);
        reading.tx.commit().await.unwrap();
    };
    tokio::join!(rebuilding, reading).0.unwrap();

    let mut reading = streams::read_models::read(&world.pools.app, ONE, "tally", 1)
        .await
        .unwrap();
    let rows: i64 = sqlx::query_scalar(count).fetch_one(&mut *reading.tx).await.unwrap();
    assert_eq!(rows, end.position);
}

#[tokio::test]
async fn whoever_began_to_read_before_the_swap_reads_the_new_rows_or_begins_again() {
    let world = World::new().await;
    let end = world.append(ONE, 1, 20).await;
    let tally = Tally::version(1);
    world.apply(&tally).await;
    // Holds the swap at the last moment, so that readers arrive while it waits.
    let mut holder = world.pools.stream.begin().await.unwrap();
    holder.execute("SELECT FROM read_models").await.unwrap();
    let rebuilding = rebuilt(&world, &tally, 1_000);
    let readers = async {
        let waiting = "SELECT count(*) >= {} FROM pg_locks WHERE relation = 'read_models'::regclass AND NOT granted";
        world.until(&waiting.replace("{}", "1")).await;
        let read = async || {
            let mut reading = streams::read_models::read(&world.pools.app, ONE, "tally", 1)
                .await
                .unwrap();
            sqlx::query_scalar("SELECT count(*) FROM tally_v1.numbers")
                .fetch_one(&mut *reading.tx)
                .await
                .unwrap()
        };
        let release = async {
            world.until(&waiting.replace("{}", "3")).await;
            holder.rollback().await.unwrap();
        };
        let (one, two, ()): (i64, i64, ()) = tokio::join!(read(), read(), release);
        assert_eq!((one, two), (end.position, end.position));
    };
    tokio::join!(rebuilding, readers).0.unwrap();
}

#[tokio::test]
async fn a_rebuild_ends_at_the_first_bad_event_and_leaves_everything_as_it_was() {
    let world = World::new().await;
    world.append_a_history().await;
    let tally = Tally::version(1);
    let kept = world.apply(&tally).await;
    let bad = world.append(ONE, 1, 1).await;
    world.append(ONE, 2, 5).await;
    tally.refuse(event_at(&world, bad).await, Refusal::Constraint);
    match rebuilt(&world, &tally, 1_000).await.unwrap_err() {
        RebuildError::Poison {
            cursor,
            event_type,
            reason,
        } => {
            assert_eq!((cursor, event_type.as_str()), (bad, "vendor.unblocked"));
            assert!(reason.contains("violates check constraint"), "{reason}");
        }
        other => panic!("{other}"),
    }
    assert_eq!(world.dump(&tally).await, kept);
}

#[tokio::test]
async fn a_rebuild_lifts_what_was_parked() {
    let world = World::new().await;
    let bad = world.append(ONE, 1, 1).await;
    let tally = Tally::version(1);
    tally.refuse(event_at(&world, bad).await, Refusal::Constraint);
    world.apply(&tally).await;
    tally.accept_all();
    rebuilt(&world, &tally, 1_000).await.unwrap();
    world.append(ONE, 1, 1).await;
    world.apply(&tally).await;
    assert_eq!(world.ask::<i64>("SELECT count(*) FROM parked").await, 0);
    assert_eq!(world.ask::<i64>("SELECT events FROM tally_v1.vendors").await, 2);
}

#[tokio::test]
async fn a_version_that_was_never_run_is_built_and_activated() {
    let world = World::new().await;
    world.append(ONE, 1, 5).await;
    let old = world.apply(&Tally::version(1)).await;
    let newer = Tally::version(2);
    let rebuilt = rebuild(&world.pools.stream, &world.reader(), &newer, REBUILD_BATCH, |_| {}).await;
    assert_eq!(rebuilt.unwrap().events, 5);
    assert_eq!(world.dump(&newer).await, old);
    assert!(
        streams::read_models::read(&world.pools.app, ONE, "tally", 2)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn one_rebuild_at_a_time() {
    let world = World::new().await;
    world.append_a_history().await;
    let tally = Tally::version(1);
    let (one, two) = tokio::join!(rebuilt(&world, &tally, 1), rebuilt(&world, &tally, 1));
    let refused = one.and(two).unwrap_err();
    assert_eq!(refused.to_string(), "tally v1 is being rebuilt already");
}

#[tokio::test]
async fn other_tables_need_another_version() {
    let world = World::new().await;
    world.apply(&Tally::version(1)).await;
    world
        .tamper("UPDATE read_models SET tables_checksum = sha256('other')")
        .await;
    let refused = streams::install(&world.pools.stream, &Tally::version(1))
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the tables of tally differ from those that version 1 was made with: raise its version"
    );
}
