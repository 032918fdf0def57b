//! Several processes, one hand at a time.

use std::{
    sync::{Arc, Condvar, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use async_trait::async_trait;
use schemas::Cursor;
use sqlx::PgConnection;
use streams::{
    ApplyError, Batch, Fact, Feed, Limit, LogSource, Projection, Reader, Runner, RunnerError, Settings, Source,
    SourceError,
};
use tokio::{
    runtime,
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    support::{ONE, QUICK, SOON, TWO, World, metric},
    tally::Tally,
};

#[tokio::test]
async fn two_runners_share_the_work_and_nothing_is_applied_twice() {
    let world = World::new().await;
    let tally = Tally::version(1);
    let (one, two) = (world.run(&tally), world.run(&tally));
    world.append_a_history().await;
    let total = world.heads().await.iter().sum::<i64>();
    world
        .until(&format!(
            "SELECT coalesce(sum(position), 0) = {total} FROM checkpoints WHERE projection = 'tally'"
        ))
        .await;
    one.stop().await.unwrap();
    two.stop().await.unwrap();
    assert_eq!(world.dump(&tally).await, world.apply(&Tally::version(2)).await);
    assert_eq!(world.ask::<i64>("SELECT count(*) FROM parked").await, 0);
}

#[tokio::test]
async fn the_shards_are_shared_evenly_among_the_processes_that_are_there() {
    let world = World::new().await;
    let tally = Tally::version(1);
    // No lease ends by itself: a process that is slow today must not look like one that died.
    let patient = Settings {
        lease: 10 * SOON,
        ..QUICK
    };
    let run = || world.run_with(&tally, world.feed(), patient);
    let shares = |shares: &str| {
        format!(
            "SELECT (SELECT array_agg(n ORDER BY n) FROM (SELECT count(*) AS n FROM leases
                  WHERE projection = 'tally' AND expires_at > clock_timestamp() GROUP BY holder) s) IS NOT DISTINCT FROM '{shares}'"
        )
    };
    let one = run();
    world.until(&shares("{16}")).await;
    let two = run();
    world.until(&shares("{8,8}")).await;
    let three = run();
    world.until(&shares("{4,6,6}")).await;
    two.stop().await.unwrap();
    world.until(&shares("{8,8}")).await;
    one.stop().await.unwrap();
    world.until(&shares("{16}")).await;
    let takeovers = three.telemetry.clone();
    three.stop().await.unwrap();
    assert_eq!(metric(&takeovers, "takeovers"), 0, "all was left in order");
}

#[tokio::test]
async fn a_process_notices_what_it_lost_while_nothing_was_to_do_there() {
    let world = World::new().await;
    let running = world.run(&Tally::version(1));
    let held = "SELECT count(DISTINCT holder) = 1 AND count(holder) = 16 FROM leases WHERE projection = 'tally'";
    world.until(held).await;
    // Another process has taken half of them and ended.
    world
        .tamper(
            "UPDATE checkpoints SET fence = fence + 1 WHERE projection = 'tally' AND shard < 8;
             UPDATE leases SET holder = NULL, expires_at = '-infinity' WHERE projection = 'tally' AND shard < 8",
        )
        .await;
    world.until(held).await;
    world.append_a_history().await;
    world.until_applied(&running).await;
    running.stop().await.unwrap();
}

#[tokio::test]
async fn what_a_process_holds_and_does_not_work_on_is_left_to_others() {
    let world = World::new().await;
    let tally = Tally::version(1);
    let running = world.run(&tally);
    let held = |shards: i64| format!("SELECT count(holder) = {shards} FROM leases WHERE projection = 'tally'");
    world.until(&held(16)).await;
    // Another process is there, and this one has lost sight of all that it holds.
    world
        .tamper(
            "INSERT INTO workers VALUES ('tally', 1, gen_random_uuid(), clock_timestamp() + interval '1 h');
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'propertyos_stream' AND datname = current_database()",
        )
        .await;
    world.until(&held(8)).await;
    world
        .tamper("DELETE FROM workers WHERE expires_at > clock_timestamp() + interval '1 min'")
        .await;
    world.until(&held(16)).await;
    world.append_a_history().await;
    world.until_applied(&running).await;
    running.stop().await.unwrap();
}

#[tokio::test]
async fn shards_are_taken_with_the_disk_and_kept_without_waiting_for_it() {
    let world = World::new().await;
    let tally = Tally::version(1);
    let began = world.run(&tally);
    world.until_applied(&began).await;
    began.stop().await.unwrap();
    // By the end of a transaction: whether it took a shard, and what its commit waits for.
    world
        .tamper(
            "CREATE TABLE ends (taken boolean, waits text);
             CREATE FUNCTION ends() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
               INSERT INTO public.ends VALUES (NEW.holder IS DISTINCT FROM OLD.holder, current_setting('synchronous_commit'));
               RETURN NULL;
             END $$;
             CREATE CONSTRAINT TRIGGER ends AFTER UPDATE ON leases INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ends()",
        )
        .await;
    let running = world.run(&tally);
    let kept_twice = "SELECT count(*) FILTER (WHERE NOT taken) >= 32 FROM ends";
    world.until(kept_twice).await;
    let ends = "SELECT array_agg(DISTINCT taken || ' ' || waits ORDER BY taken || ' ' || waits) FROM ends";
    assert_eq!(world.ask::<Vec<String>>(ends).await, ["false off", "true on"]);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_clean_stop_leaves_the_shards_to_others_at_once() {
    let world = World::new().await;
    let patient = Settings {
        lease: 10 * SOON,
        ..QUICK
    };
    let tally = Tally::version(1);
    let one = world.run_with(&tally, world.feed(), patient);
    world.append(ONE, 1, 1).await;
    world.until_applied(&one).await;
    one.stop().await.unwrap();

    world.append(ONE, 1, 1).await;
    let two = world.run_with(&tally, world.feed(), patient);
    world.until_applied(&two).await;
    let takeovers = two.telemetry.clone();
    two.stop().await.unwrap();
    assert_eq!(metric(&takeovers, "takeovers"), 0);
    assert_eq!(
        world
            .ask::<i64>("SELECT count(*) FROM leases WHERE holder IS NOT NULL")
            .await,
        0
    );
}

/// Where a process is stopped, as by a signal: nothing of it runs until it is thawed, its renewals included.
struct Freezer {
    frozen: Semaphore,
    thawed: Mutex<bool>,
    thaw: Condvar,
}

impl Freezer {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            frozen: Semaphore::new(0),
            thawed: Mutex::new(false),
            thaw: Condvar::new(),
        })
    }

    /// Stops the thread that calls this, once; afterwards nothing is stopped any more.
    fn freeze(&self) {
        self.frozen.add_permits(1);
        let thawed = self.thawed.lock().unwrap();
        drop(self.thaw.wait_while(thawed, |thawed| !*thawed).unwrap());
    }

    async fn until_frozen(&self) {
        timeout(SOON, self.frozen.acquire()).await.unwrap().unwrap().forget();
    }

    fn thaw(&self) {
        *self.thawed.lock().unwrap() = true;
        self.thaw.notify_all();
    }
}

/// Is frozen when it has fetched something and nothing of it is applied yet.
struct FreezingSource(LogSource, Arc<Freezer>);

#[async_trait]
impl Source for FreezingSource {
    async fn fetch(&mut self, cursors: &[Cursor], limit: Limit) -> Result<Vec<Batch>, SourceError> {
        let batches = self.0.fetch(cursors, limit).await?;
        if !batches.is_empty() {
            self.1.freeze();
        }
        Ok(batches)
    }

    fn hints(&self) -> watch::Receiver<()> {
        self.0.hints()
    }
}

/// Is frozen in the transaction that applies something.
struct FreezingTally(Tally, Arc<Freezer>);

#[async_trait]
impl Projection for FreezingTally {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn version(&self) -> u32 {
        self.0.version()
    }

    fn tables(&self) -> &'static str {
        self.0.tables()
    }

    async fn apply(&self, connection: &mut PgConnection, facts: &[Arc<Fact>]) -> Result<(), ApplyError> {
        self.0.apply(connection, facts).await?;
        self.1.freeze();
        Ok(())
    }
}

const IMPATIENT: Settings = Settings {
    transaction: Duration::from_millis(500),
    ..QUICK
};

/// A process of its own, as far as that goes: a thread, its runtime, its connections.
struct Process {
    thread: JoinHandle<Result<(), RunnerError>>,
    stop: CancellationToken,
}

fn process(world: &World, freezer: Option<Arc<Freezer>>, projection: impl Projection + 'static) -> Process {
    let (settings, personal) = (world.database.settings(), world.personal.clone());
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let thread = thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stream = store::connect(&settings).await.unwrap().stream;
            let (source, reader) = (LogSource::new(stream.clone()), Reader::new(stream.clone(), personal));
            let feed = match freezer {
                Some(freezer) => Feed::new(FreezingSource(source, freezer), reader),
                None => Feed::new(source, reader),
            };
            let projections: Vec<Arc<dyn Projection>> = vec![Arc::new(projection)];
            let ended = Runner::new(stream.clone(), Arc::new(feed), projections, IMPATIENT)
                .run(stopped)
                .await;
            stream.close().await;
            ended
        })
    });
    Process { thread, stop }
}

/// Another process takes over from the frozen one and applies everything; then the frozen one goes on with what it was about
/// to do.
async fn is_replaced_while_frozen(world: &World, freezer: &Freezer, frozen: Process) {
    freezer.until_frozen().await;
    let tally = Tally::version(1);
    let other = world.run_with(&tally, world.feed(), IMPATIENT);
    world.append(TWO, 1, 5).await;
    world.until_applied(&other).await;
    assert_eq!(metric(&other.telemetry, "takeovers"), 16);

    // It ends what it was stopped in before it looks whether it is to stop.
    freezer.thaw();
    frozen.stop.cancel();
    frozen.thread.join().unwrap().unwrap();
    world.append(ONE, 1, 5).await;
    world.until_applied(&other).await;
    other.stop().await.unwrap();
    assert_eq!(world.ask::<i64>("SELECT count(*) FROM parked").await, 0);
    assert_eq!(world.dump(&tally).await, world.apply(&Tally::version(2)).await);
}

#[tokio::test]
async fn a_process_that_was_stopped_before_it_wrote_writes_nothing_afterwards() {
    let world = World::new().await;
    world.append(ONE, 1, 5).await;
    let freezer = Freezer::new();
    let frozen = process(&world, Some(freezer.clone()), Tally::version(1));
    is_replaced_while_frozen(&world, &freezer, frozen).await;
}

#[tokio::test]
async fn a_process_that_was_stopped_while_it_wrote_has_written_nothing() {
    let world = World::new().await;
    world.append(ONE, 1, 5).await;
    let freezer = Freezer::new();
    let frozen = process(&world, None, FreezingTally(Tally::version(1), freezer.clone()));
    is_replaced_while_frozen(&world, &freezer, frozen).await;
}
