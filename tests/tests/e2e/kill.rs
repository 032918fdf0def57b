//! `serve` killed again and again under load: what was acknowledged is there, once, and the read models are those of an
//! undisturbed run.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use sqlx::PgConnection;
use tests::{Installation, Serving};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    PROPERTYOS,
    load::{
        Acknowledged, Disturbance, Load, caught_up, dumps, every_acknowledged_command_is_there_once, give_again,
        leases, superuser, take_over_sample,
    },
};

const KILLS: u32 = 20;

/// Waits until a writing transaction of the server is open; whether one was, within its bound.
async fn a_transaction_is_open(database: &mut PgConnection) -> bool {
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND usename = 'propertyos_app' AND xact_start IS NOT NULL
                AND query LIKE '%append_%'",
        )
        .fetch_one(&mut *database)
        .await
        .unwrap();
        if open > 0 {
            return true;
        }
    }
    false
}

/// Kills the server again and again while clients send commands. Returns the last server and what was acknowledged.
async fn killed_under_load(installation: &Installation, token: &str, random: &mut StdRng) -> (Serving, Acknowledged) {
    let mut database = superuser(installation).await;
    let leases = leases(&mut database).await;
    let mut serving = installation.serve().await;
    let mut load = Load::start(serving.at(""), token, &leases, Disturbance::ServerDies, random);
    let mut inside = 0;
    for _ in 0..KILLS {
        load.acknowledges(random.random_range(5..50)).await;
        inside += u32::from(a_transaction_is_open(&mut database).await);
        serving.kill().await;
        serving = installation.serve().await;
        load.turn_to(serving.at("")).await;
    }
    let acknowledged = load.end().await;
    println!(
        "{KILLS} kills, {inside} inside an open transaction, {} commands",
        acknowledged.len()
    );
    assert!(
        inside * 2 >= KILLS,
        "only {inside} of {KILLS} kills hit an open transaction"
    );
    (serving, acknowledged)
}

/// All that the log says of its events but what the clock, chance and seals make: when they were taken and occurred, the ids of
/// requests, and the ciphertext of personal data.
async fn log_without_the_clock(database: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', shard, position, event_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                          command_id, command_index, metadata->>'actor', metadata->>'effective_date',
                          CASE WHEN payload::text LIKE '%$personal%' THEN '(sealed)' ELSE payload::text END)
           FROM events ORDER BY shard, position",
    )
    .fetch_all(database)
    .await
    .unwrap()
}

/// The commands that occurred at each instant, to the nanosecond.
type Instants = HashMap<String, BTreeSet<Uuid>>;

async fn instants(database: &mut PgConnection) -> Instants {
    let commands: Vec<(String, Uuid)> = sqlx::query_as("SELECT metadata->>'occurred_at', command_id FROM events")
        .fetch_all(database)
        .await
        .unwrap();
    let mut instants = Instants::new();
    for (instant, command) in commands {
        let instant = instant.trim_end_matches('Z').to_owned();
        instants.entry(instant).or_default().insert(command);
    }
    instants
}

/// Names each run's instants alike, by the command that occurred then. Of clients that came together two may have been given one
/// instant, and in peace each has its own: these have one name.
fn names(killed: &Instants, undisturbed: &Instants) -> [HashMap<String, Uuid>; 2] {
    let first = |commands: &BTreeSet<Uuid>| *commands.first().unwrap();
    let together = |commands| BTreeSet::iter(commands).map(move |command| (*command, first(commands)));
    let name: HashMap<Uuid, Uuid> = killed.values().flat_map(together).collect();
    let named = |instants: &Instants| {
        let instants = instants.iter();
        let named = instants.map(|(instant, commands)| (instant.clone(), name[&first(commands)]));
        named.collect()
    };
    [named(killed), named(undisturbed)]
}

/// The rows of a dump, with its name in place of each instant.
fn rows(dump: &str, names: &HashMap<String, Uuid>) -> BTreeSet<String> {
    let without_the_clock = |line: &str| {
        let parts = line.split('"').map(|part| {
            let instant = part.trim_end_matches('Z').trim_end_matches("+00:00");
            names.get(instant).map_or_else(|| part.to_owned(), Uuid::to_string)
        });
        parts.collect::<Vec<_>>().join("\"")
    };
    dump.lines().map(without_the_clock).collect()
}

#[test]
fn an_instant_that_two_commands_share_has_one_name_in_both_runs() {
    let [early, late] = [1, 2].map(Uuid::from_u128);
    let at = |instant: &str, commands: &[Uuid]| (instant.to_owned(), commands.iter().copied().collect());
    let killed = Instants::from([at("noon", &[late, early])]);
    let undisturbed = Instants::from([at("one", &[early]), at("two", &[late])]);

    let [killed, undisturbed] = names(&killed, &undisturbed);

    assert_eq!(
        rows(r#"{"at":"noonZ"}"#, &killed),
        rows(r#"{"at":"oneZ"}"#, &undisturbed)
    );
    assert_eq!(
        rows(r#"{"at":"noonZ"}"#, &killed),
        rows(r#"{"at":"two+00:00"}"#, &undisturbed)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serve_that_is_killed_loses_nothing_and_writes_nothing_twice() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    // What the clock brings would come at other moments to the one than to the other.
    let killed = Installation::on_shared_server(PROPERTYOS)
        .await
        .with("PROPERTYOS_TICK_EVERY", "0s")
        .with("PROPERTYOS_LOG", "warn,api::process=info");
    assert!(killed.serve().await.stop().await.success());
    take_over_sample(&killed).await;
    let token = killed.output(&["token", "--role", "admin"]).await;
    let undisturbed = killed.copy().await;

    let (serving, acknowledged) = killed_under_load(&killed, &token, &mut random).await;
    let mut log = superuser(&killed).await;
    every_acknowledged_command_is_there_once(&mut log, &acknowledged).await;
    caught_up(&killed, &[&serving], &mut log).await;

    let in_peace = undisturbed.serve().await;
    give_again(&in_peace, &token, &acknowledged, &mut log).await;
    let mut log_in_peace = superuser(&undisturbed).await;
    caught_up(&undisturbed, &[&in_peace], &mut log_in_peace).await;
    assert!(
        log_without_the_clock(&mut log).await == log_without_the_clock(&mut log_in_peace).await,
        "the logs differ"
    );
    let (dumped, in_peace_dumped) = (dumps(&killed).await, dumps(&undisturbed).await);
    let [clock, other_clock] = names(&instants(&mut log).await, &instants(&mut log_in_peace).await);
    for ((read_model, killed), (_, undisturbed)) in dumped.iter().zip(&in_peace_dumped) {
        let (killed, undisturbed) = (rows(killed, &clock), rows(undisturbed, &other_clock));
        let differing = killed.iter().zip(&undisturbed).find(|(one, other)| one != other);
        assert!(
            killed == undisturbed,
            "{read_model} isn't that of an undisturbed run: {differing:?}"
        );
    }
    killed.output(&["replay", "verify"]).await;
    assert!(serving.stop().await.success());
    assert!(in_peace.stop().await.success());
}
