//! A runner keeps a read model up to date.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use proptest::prelude::*;
use schemas::Cursor;
use sqlx::Row;
use streams::{Batch, Limit, LogSource, Source, SourceError, State, Version, Waited};
use tokio::sync::watch;

use crate::{
    support::{ONE, QUICK, SOON, TWO, World, metrics, until},
    tally::Tally,
};

#[tokio::test]
async fn what_was_appended_before_and_while_it_runs_is_applied() {
    let world = World::new().await;
    world.append_a_history().await;
    let tally = Tally::version(1);
    let running = world.run(&tally);
    world.until_applied(&running).await;
    let before: i64 = world.ask("SELECT sum(events)::bigint FROM tally_v1.vendors").await;
    assert_eq!(before, world.heads().await.iter().sum::<i64>());

    world.append(ONE, 1, 7).await;
    world.until_applied(&running).await;
    running.stop().await.unwrap();
    let after: i64 = world.ask("SELECT sum(events)::bigint FROM tally_v1.vendors").await;
    assert_eq!(after, before + 7);
}

#[tokio::test]
async fn a_wake_up_is_heard_long_before_the_next_poll() {
    let world = World::new().await;
    let never = streams::Settings {
        poll: 100 * SOON,
        ..QUICK
    };
    let running = world.run_with(&Tally::version(1), world.feed(), never);
    world.append(ONE, 1, 1).await;
    world.until_applied(&running).await;
    world.append(ONE, 1, 1).await;
    world.until_applied(&running).await;
    running.stop().await.unwrap();
}

#[tokio::test]
async fn what_a_batch_reads_of_the_log_does_not_grow_with_it() {
    const GROWN: u32 = 5_000;
    const BATCHES: u32 = 40;
    let world = World::new().await;
    let running = world.run(&Tally::version(1));
    let applied = async |end: Cursor| {
        let waited = running.progress.wait_here(running.version.projection, end, SOON).await;
        assert_eq!(waited, Waited::Passed, "{end}");
    };
    // The plans are made while there is next to nothing, and of a leaf that the server knows nothing of.
    for _ in 0..BATCHES {
        applied(world.append(ONE, 1, 1).await).await;
    }
    applied(world.append(ONE, 2, GROWN).await).await;
    for _ in 0..BATCHES {
        applied(world.append(ONE, 1, 1).await).await;
    }
    running.stop().await.unwrap();
    let read = world.rows_read_of_the_log().await;
    assert!(
        (GROWN..3 * GROWN).contains(&read),
        "{read} rows were read of {GROWN} in {BATCHES} batches"
    );
}

#[tokio::test]
async fn what_a_crash_of_the_server_took_back_is_applied_anew_though_nothing_new_comes() {
    let world = World::new().await;
    let running = world.run(&Tally::version(1));
    world.append(ONE, 1, 1).await;
    world.append(ONE, 2, 1).await;
    world.until_applied(&running).await;
    let applied = world.dump(&Tally::version(1)).await;
    // As if the last transaction had not reached the disk.
    world
        .tamper(
            "BEGIN;
             DELETE FROM tally_v1.vendors WHERE vendor = '00000000-0000-0000-0000-000000000002';
             DELETE FROM tally_v1.numbers WHERE number = 2;
             UPDATE checkpoints c SET position = e.position, event_id = e.event_id FROM events e
              WHERE c.projection = 'tally' AND e.shard = c.shard AND c.position = 2 AND e.position = 1;
             COMMIT",
        )
        .await;
    assert_ne!(world.dump(&Tally::version(1)).await, applied);
    until("it is applied anew", async || {
        world.dump(&Tally::version(1)).await == applied
    })
    .await;
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_runner_goes_on_where_the_one_before_it_stopped() {
    let world = World::new().await;
    world.append(ONE, 1, 5).await;
    world.apply(&Tally::version(1)).await;
    world.append(ONE, 1, 5).await;
    // The tally is upset by any event that it gets twice.
    world.apply(&Tally::version(1)).await;
    assert_eq!(world.ask::<i64>("SELECT events FROM tally_v1.vendors").await, 10);
    assert_eq!(world.ask::<i64>("SELECT count(*) FROM parked").await, 0);
}

#[tokio::test]
async fn an_organization_reads_its_own_rows_and_no_table_without_an_organization() {
    let world = World::new().await;
    world.append(ONE, 1, 1).await;
    world.append(TWO, 1, 1).await;
    world.apply(&Tally::version(1)).await;
    let mut reading = streams::read_models::read(&world.pools.app, ONE, "tally", 1)
        .await
        .unwrap();
    let rows = sqlx::query("SELECT tenant_id FROM tally_v1.vendors")
        .fetch_all(&mut *reading.tx)
        .await
        .unwrap();
    let seen: Vec<uuid::Uuid> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(seen, [ONE.0]);
    assert_eq!(reading.incomplete_since, None);
    let refused = sqlx::query("SELECT * FROM tally_v1.secrets")
        .fetch_all(&mut *reading.tx)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");
}

#[tokio::test]
async fn metrics_and_health_tell_how_a_projector_fares() {
    let world = World::new().await;
    world.append(ONE, 1, 3).await;
    let running = world.run(&Tally::version(1));
    world.until_applied(&running).await;
    let (telemetry, version) = (running.telemetry.clone(), running.version);
    running.stop().await.unwrap();
    let health = telemetry.health().remove(&version).unwrap();
    assert_eq!((health.state, health.shards, health.parked), (State::Running, 16, 0));

    let text = metrics(|registry| telemetry.register(registry));
    for line in [
        r#"projection_events_total{projection="tally",version="1"} 3"#,
        r#"projection_batch_events_sum{projection="tally",version="1"} 3.0"#,
        r#"projection_takeovers_total{projection="tally",version="1"} 0"#,
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
}

/// Hands out what another source does, in batches of lengths of its own.
struct Chopped {
    source: LogSource,
    lengths: Mutex<std::iter::Cycle<std::vec::IntoIter<usize>>>,
}

#[async_trait]
impl Source for Chopped {
    async fn fetch(&mut self, cursors: &[Cursor], limit: Limit) -> Result<Vec<Batch>, SourceError> {
        let mut batches = self.source.fetch(cursors, limit).await?;
        let mut lengths = self.lengths.lock().unwrap();
        for batch in &mut batches {
            batch.events.truncate(lengths.next().unwrap());
        }
        Ok(batches)
    }

    fn hints(&self) -> watch::Receiver<()> {
        self.source.hints()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_batches_end_makes_no_difference() {
    let world = Arc::new(World::new().await);
    world.append_a_history().await;
    let undisturbed = world.apply(&Tally::version(1)).await;
    let version = AtomicUsize::new(1);
    let runtime = tokio::runtime::Handle::current();
    let lengths = prop::collection::vec(1_usize..40, 1..20);
    tokio::task::block_in_place(|| {
        proptest!(ProptestConfig::with_cases(12), |(lengths in lengths)| {
            let number = version.fetch_add(1, Ordering::Relaxed) + 1;
            let tally = Tally::version(u32::try_from(number).unwrap());
            let chopped = runtime.block_on(async {
                let source = LogSource::new(world.pools.stream.clone());
                let lengths = Mutex::new(lengths.into_iter().cycle());
                world.apply_from(&tally, world.feed_of(Chopped { source, lengths })).await
            });
            prop_assert_eq!(&chopped, &undisturbed);
        });
    });
}

#[tokio::test]
async fn readers_that_are_as_far_as_each_other_share_what_was_fetched() {
    struct Counted(LogSource, Arc<AtomicUsize>);

    #[async_trait]
    impl Source for Counted {
        async fn fetch(&mut self, cursors: &[Cursor], limit: Limit) -> Result<Vec<Batch>, SourceError> {
            let batches = self.0.fetch(cursors, limit).await?;
            let events = batches.iter().map(|batch| batch.events.len()).sum();
            self.1.fetch_add(events, Ordering::Relaxed);
            Ok(batches)
        }

        fn hints(&self) -> watch::Receiver<()> {
            self.0.hints()
        }
    }

    let world = World::new().await;
    let end = world.append(ONE, 1, 30).await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let feed = world.feed_of(Counted(LogSource::new(world.pools.stream.clone()), fetched.clone()));
    let limit = |events| Limit { events, bytes: 1 << 20 };
    let from = |position| [Cursor { position, ..end }];

    let first = feed.read(&from(0), limit(20)).await.unwrap();
    let second = feed.read(&from(0), limit(15)).await.unwrap();
    let third = feed.read(&from(15), limit(100)).await.unwrap();
    assert_eq!((first.len(), second.len(), third.len()), (20, 15, 5));
    assert_eq!(
        fetched.load(Ordering::Relaxed),
        20,
        "the second and third took what was there"
    );

    let rest = feed.read(&from(20), limit(100)).await.unwrap();
    assert_eq!((rest.len(), fetched.load(Ordering::Relaxed)), (10, 30));
    let positions: Vec<i64> = first.iter().chain(&rest).map(|entry| entry.cursor.position).collect();
    assert_eq!(positions, (1..=30).collect::<Vec<_>>());
    assert!(feed.read(&from(30), limit(100)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_batch_ends_by_bytes_as_well_as_by_events() {
    let world = World::new().await;
    let end = world.append(ONE, 1, 10).await;
    let payload = r#"{"type":"vendor.unblocked"}"#.len();
    let mut source = LogSource::new(world.pools.stream.clone());
    let mut fetched = async |bytes| {
        let limit = Limit { events: 100, bytes };
        let batches = source.fetch(&[Cursor::start(end.shard)], limit).await.unwrap();
        batches[0].events.len()
    };
    assert_eq!(fetched(1).await, 1, "an event larger than the limit still comes");
    assert_eq!(fetched(3 * payload).await, 3);
    assert_eq!(fetched(3 * payload + 1).await, 4);
    assert_eq!(fetched(1 << 20).await, 10);
}

#[tokio::test]
async fn a_new_version_is_built_beside_the_old_one_and_takes_its_place() {
    let world = World::new().await;
    world.append_a_history().await;
    let old = world.apply(&Tally::version(1)).await;
    let read = async |version| streams::read_models::read(&world.pools.app, ONE, "tally", version).await;
    assert!(read(1).await.is_ok() && read(2).await.is_err());

    let newer = Tally::version(2);
    let running = world.run(&newer);
    world
        .until("SELECT EXISTS (SELECT FROM read_models WHERE projection = 'tally' AND version = 2 AND active)")
        .await;
    running.stop().await.unwrap();
    assert!(read(2).await.is_ok());
    assert_eq!(
        read(1).await.unwrap_err().to_string(),
        "version 1 of tally isn't the one that answers queries"
    );
    assert_eq!(world.dump(&newer).await, old);

    // An old process that still runs doesn't take its place back.
    world.apply(&Tally::version(1)).await;
    assert!(read(2).await.is_ok());
    assert_eq!(
        streams::dump(
            &world.pools.stream,
            Version {
                projection: "tally",
                number: 1
            }
        )
        .await
        .unwrap(),
        old
    );
}
