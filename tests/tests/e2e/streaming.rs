//! The processes of a whole installation on PostgreSQL and Kafka, killed, stopped and cut off under load: nothing is lost,
//! nothing counts twice, and everything catches up by itself.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use rustix::process::Signal;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use store::testing::TestServer;
use streams::{
    kafka::Broker,
    testing::{TestBroker, filtered, messages},
};
use tests::{Installation, Serving};
use tokio::task::JoinSet;

use crate::{
    PROPERTYOS,
    load::{
        Acknowledged, Disturbance, Load, caught_up, dumps, every_acknowledged_command_is_there_once, leases, superuser,
        take_over_sample,
    },
    processes::{until, until_metric},
};

const KILLS: u32 = 20;

/// Longer than every lease and timeout of the processes.
const LONG: Duration = Duration::from_secs(3);

/// What is killed again and again.
const WORKERS: [&[&str]; 5] = [
    &["relay"],
    &["project", "ledger"],
    &["project", "dashboard"],
    &["project", "directory"],
    &["project", "search"],
];

/// An installation of many processes, with servers that nobody else uses.
struct Estate {
    server: Arc<TestServer>,
    broker: TestBroker,
    topic: Broker,
    installation: Arc<Installation>,
}

impl Estate {
    async fn found() -> Self {
        let (server, broker) = tokio::join!(TestServer::own(), TestBroker::own());
        let installation = Installation::on(PROPERTYOS, server.database(&[]).await)
            .with("PROPERTYOS_LEASE", "1s")
            .with("PROPERTYOS_TICK_EVERY", "0s")
            .with("PROPERTYOS_LOG", "warn,api::process=info");
        installation.output(&["migrate"]).await;
        installation
            .output(&[
                "org",
                "create",
                "Lakeside",
                "--currency",
                "USD",
                "--time-zone",
                "America/Chicago",
            ])
            .await;
        take_over_sample(&installation).await;
        Self {
            topic: broker.topic(),
            server,
            broker,
            installation: Arc::new(installation),
        }
    }

    async fn start(&self, arguments: &'static [&'static str]) -> Serving {
        start(self.installation.clone(), self.topic.clone(), arguments).await
    }

    /// Starts all of them at once.
    async fn start_workers(&self) -> BTreeMap<usize, Serving> {
        let mut starting = JoinSet::new();
        for (number, arguments) in WORKERS.iter().enumerate() {
            let (installation, topic) = (self.installation.clone(), self.topic.clone());
            starting.spawn(async move { (number, start(installation, topic, arguments).await) });
        }
        starting.join_all().await.into_iter().collect()
    }

    /// Waits until the checkpoints say that the topic has all there is.
    async fn relayed(&self) {
        let behind =
            "SELECT (SELECT count(*) FROM events) - sum(position)::bigint FROM checkpoints WHERE projection = 'relay'";
        until(&mut superuser(&self.installation).await, behind, 0).await;
    }

    /// The log as the envelopes in which it leaves, by shard in order.
    async fn envelopes(&self) -> BTreeMap<i32, Vec<String>> {
        let mut log: BTreeMap<i32, Vec<(i64, String)>> = BTreeMap::new();
        for line in self.installation.output(&["events", "--json"]).await.lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            let shard = i32::try_from(event["shard"].as_i64().unwrap()).unwrap();
            let position = event["position"].as_i64().unwrap();
            log.entry(shard).or_default().push((position, line.to_owned()));
        }
        let in_order = |(shard, mut events): (i32, Vec<(i64, String)>)| {
            events.sort();
            (shard, events.into_iter().map(|(_, event)| event).collect())
        };
        log.into_iter().map(in_order).collect()
    }
}

async fn start(installation: Arc<Installation>, topic: Broker, arguments: &'static [&'static str]) -> Serving {
    let index = installation.folder().join("index-of-the-api");
    let mut settings = vec![
        ("KAFKA_BROKERS", topic.servers.as_str()),
        ("PROPERTYOS_KAFKA_TOPIC", topic.topic.as_str()),
    ];
    if arguments == ["api"] {
        settings.push(("PROPERTYOS_SEARCH_DIR", index.to_str().unwrap()));
    }
    installation.start(arguments, &settings).await
}

/// Kills every worker at a random moment, again and again, and the database's connections and the database now and then.
async fn killed(estate: &Estate, load: &mut Load, random: &mut StdRng) -> BTreeMap<usize, Serving> {
    let mut log = superuser(&estate.installation).await;
    let (mut workers, mut behind) = (estate.start_workers().await, 0);
    for round in 0..KILLS {
        load.acknowledges(random.random_range(5..40)).await;
        behind += u32::from(somebody_is_behind(&mut log).await);
        for worker in std::mem::take(&mut workers).into_values() {
            worker.kill().await;
        }
        if round % 7 == 3 {
            let cut: i64 = sqlx::query_scalar(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                  WHERE usename LIKE 'propertyos_%' AND random() < 0.5",
            )
            .fetch_one(&mut log)
            .await
            .unwrap();
            println!("{cut} connections cut");
        }
        if round == KILLS / 2 {
            estate.server.stop_at_once().await;
            load.refuses(1).await;
            estate.server.start().await;
            log = superuser(&estate.installation).await;
        }
        workers = estate.start_workers().await;
    }
    println!(
        "{KILLS} times all of {} processes were killed, {behind} times with work to do",
        WORKERS.len()
    );
    assert!(
        behind * 2 >= KILLS,
        "only {behind} of {KILLS} kills hit a process at work"
    );
    workers
}

/// Whether there is something that a relay or a projector has not done.
async fn somebody_is_behind(log: &mut PgConnection) -> bool {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM checkpoints c
           WHERE c.position < (SELECT max(position) FROM events e WHERE e.shard = c.shard))",
    )
    .fetch_one(log)
    .await
    .unwrap()
}

const RELAYS: &str =
    "SELECT count(DISTINCT holder) FROM leases WHERE projection = 'relay' AND expires_at > clock_timestamp()";

/// A second relay takes its part, then everything while the first one is stopped past its lease; then the first goes on.
async fn stopped_past_its_lease(estate: &Estate, load: &mut Load, relay: &Serving) {
    let mut log = superuser(&estate.installation).await;
    let second = estate.start(&["relay"]).await;
    until(&mut log, RELAYS, 2).await;
    load.acknowledges(20).await;
    relay.signal(Signal::STOP);
    let begun = Instant::now();
    // Nobody may hold one for a moment: the stopped relay may have had rows locked.
    let all = "SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM leases
                WHERE projection = 'relay' AND expires_at > clock_timestamp() GROUP BY holder) s";
    until(&mut log, all, 16).await;
    println!(
        "a stopped relay's shards were taken over in {:?}, at a lease of 1 s",
        begun.elapsed()
    );
    load.acknowledges(40).await;
    relay.signal(Signal::CONT);
    until(&mut log, RELAYS, 2).await;
    load.acknowledges(20).await;
    second.kill().await;
    until(&mut log, all, 16).await;
    load.acknowledges(20).await;
}

/// The broker stands still for longer than every timeout, and is killed: commands go on.
async fn without_a_broker(estate: &Estate, load: &mut Load, relay: &Serving) {
    estate.broker.freeze();
    let thaws = Instant::now() + LONG;
    load.acknowledges(60).await;
    until_metric(relay, "propertyos_relay_lag_events ", |events| events > 0).await;
    while Instant::now() < thaws {
        load.acknowledges(10).await;
    }
    estate.broker.thaw();
    load.acknowledges(20).await;
    estate.broker.kill();
    load.acknowledges(60).await;
    estate.broker.start().await;
    load.acknowledges(20).await;
}

async fn load(estate: &Estate, api: &Serving, random: &mut StdRng) -> Load {
    let token = estate.installation.output(&["token", "--role", "admin"]).await;
    let leases = leases(&mut superuser(&estate.installation).await).await;
    Load::start(api.at(""), &token, &leases, Disturbance::DatabaseIsAway, random)
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_stopped_or_wiped_nothing_is_lost_on_the_way_through_kafka() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let estate = Estate::found().await;
    let api = estate.start(&["api"]).await;
    let mut acknowledged = Acknowledged::new();

    let mut disturbed = load(&estate, &api, &mut random).await;
    let mut workers = killed(&estate, &mut disturbed, &mut random).await;
    stopped_past_its_lease(&estate, &mut disturbed, &workers[&0]).await;
    without_a_broker(&estate, &mut disturbed, &workers[&0]).await;
    acknowledged.extend(disturbed.end().await);
    estate.relayed().await;
    let topic = messages(&estate.topic).await;
    assert_eq!(filtered(&topic), estate.envelopes().await, "the topic isn't the log");
    println!(
        "{} messages for the events of the log",
        topic.values().map(Vec::len).sum::<usize>()
    );

    let mut disturbed = load(&estate, &api, &mut random).await;
    disturbed.acknowledges(20).await;
    estate.broker.wipe();
    disturbed.acknowledges(60).await;
    estate.broker.start().await;
    disturbed.acknowledges(60).await;
    acknowledged.extend(disturbed.end().await);
    estate.relayed().await;

    let mut log = superuser(&estate.installation).await;
    every_acknowledged_command_is_there_once(&mut log, &acknowledged).await;
    caught_up(&estate.installation, &workers.values().collect::<Vec<_>>(), &mut log).await;
    until_metric(&workers[&0], "propertyos_relay_lag_events ", |events| events == 0).await;
    println!("{} commands", acknowledged.len());
    let through_kafka = dumps(&estate.installation).await;

    let mut stopping = vec![api];
    stopping.extend(std::mem::take(&mut workers).into_values());
    for process in stopping {
        assert!(process.stop().await.success());
    }
    // The database is copied, which nobody may look at meanwhile.
    log.close().await.unwrap();
    equal_those_of_an_undisturbed_run(&estate, &through_kafka).await;
}

/// The same history, read from the log by one process that nobody disturbs, and rebuilt from zero.
async fn equal_those_of_an_undisturbed_run(estate: &Estate, through_kafka: &[(&'static str, String)]) {
    let undisturbed = estate.installation.copy().await;
    // The read models begin anew; the log stays.
    let mut log = superuser(&undisturbed).await;
    let forget = "DO $$ DECLARE s text; BEGIN
          FOR s IN SELECT projection || '_v' || version FROM read_models LOOP EXECUTE 'DROP SCHEMA ' || s || ' CASCADE'; END LOOP;
          DELETE FROM read_models; DELETE FROM checkpoints WHERE projection <> 'relay';
          DELETE FROM leases WHERE projection <> 'relay'; DELETE FROM parked;
        END $$";
    sqlx::raw_sql(forget).execute(&mut log).await.unwrap();
    let serving = undisturbed.serve().await;
    caught_up(&undisturbed, &[&serving], &mut log).await;
    let from_the_log = dumps(&undisturbed).await;
    assert!(serving.stop().await.success());
    for read_model in ["ledger", "dashboard", "directory"] {
        undisturbed.output(&["replay", "rebuild", read_model]).await;
    }
    let rebuilt = dumps(&undisturbed).await;
    for ((one, other), (read_model, rebuilt)) in through_kafka.iter().zip(&from_the_log).zip(&rebuilt) {
        assert!(one.1 == other.1, "{read_model} through Kafka isn't that from the log");
        assert!(&one.1 == rebuilt, "{read_model} through Kafka isn't the rebuilt one");
    }
}
