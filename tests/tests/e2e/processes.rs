//! The processes that share the work of `serve`: each alone, several beside each other, one after another.

use std::time::Duration;

use reqwest::StatusCode;
use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use store::roles;
use tests::{Installation, Serving};
use tokio::time::{Instant, sleep};

use crate::PROPERTYOS;

/// Every process but `serve` and what of it stands in its readiness.
const PROCESSES: &[(&[&str], &[&str])] = &[
    (&["api"], &["search"]),
    (&["project", "ledger"], &["ledger"]),
    (&["project", "dashboard"], &["dashboard"]),
    (&["project", "directory"], &["directory"]),
    (&["project", "search"], &["search"]),
    (&["react"], &[]),
];

const LOOK_EVERY: Duration = Duration::from_millis(20);
/// No condition is waited for longer.
const LIMIT: Duration = Duration::from_mins(1);

/// A migrated database with one organization, in which nothing runs yet.
pub async fn migrated() -> Installation {
    let installation = Installation::on_shared_server(PROPERTYOS).await;
    installation.output(&["migrate"]).await;
    installation.output(&["org", "create", "Lakeside"]).await;
    installation
}

pub async fn database(installation: &Installation) -> PgConnection {
    let url = installation.database().unwrap().url(roles::STREAM);
    PgConnection::connect(&url).await.unwrap()
}

/// Waits until a query yields this, and says how long that took.
pub async fn until(database: &mut PgConnection, query: &str, wanted: i64) -> Duration {
    let begun = Instant::now();
    loop {
        let found: i64 = sqlx::query_scalar(query).fetch_one(&mut *database).await.unwrap();
        if found == wanted {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < LIMIT, "still {found}, not {wanted}: {query}");
        sleep(LOOK_EVERY).await;
    }
}

async fn get(serving: &Serving, path: &str) -> (StatusCode, String) {
    let answer = serving.http().get(serving.at(path)).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn each_process_tells_how_it_fares_and_ends_in_order() {
    let installation = migrated().await;
    for (arguments, projections) in PROCESSES {
        let serving = installation.start(arguments, &[]).await;
        let (status, live) = get(&serving, "/health/live").await;
        assert_eq!(
            (status, live.as_str()),
            (StatusCode::OK, r#"{"status":"live"}"#),
            "{arguments:?}"
        );

        let (status, ready) = get(&serving, "/health/ready").await;
        let ready: Value = serde_json::from_str(&ready).unwrap();
        let shown = ready["projections"].as_array().unwrap().iter();
        let names: Vec<_> = shown.map(|shown| shown["name"].as_str().unwrap()).collect();
        assert_eq!(
            (status, names.as_slice()),
            (StatusCode::OK, *projections),
            "{arguments:?}"
        );

        let (status, metrics) = get(&serving, "/metrics").await;
        assert_eq!(status, StatusCode::OK, "{arguments:?}");
        assert!(
            metrics.contains("propertyos_append_seconds_count") && metrics.ends_with("# EOF\n"),
            "{metrics}"
        );

        let (status, _) = get(&serving, "/api/properties").await;
        let answers_requests = *arguments == ["api"];
        let expected = if answers_requests {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::NOT_FOUND
        };
        assert_eq!(status, expected, "{arguments:?}");
        assert!(serving.stop().await.success(), "{arguments:?}");
    }
}

#[tokio::test]
async fn no_process_works_on_a_schema_that_it_does_not_know() {
    let installation = Installation::on_shared_server(PROPERTYOS).await;
    for (arguments, _) in PROCESSES {
        let told = refused(&installation, arguments, &[]).await;
        assert!(told.contains("run `propertyos migrate`"), "{arguments:?}: {told}");
    }
    installation.output(&["migrate"]).await;
    let mut owner = installation.database().unwrap().owner().await;
    let newer =
        "INSERT INTO schema_migrations (set_name, name, checksum) VALUES ('streams', '9999_from_the_future', '')";
    sqlx::query(newer).execute(&mut owner).await.unwrap();
    for (arguments, _) in PROCESSES {
        let told = refused(&installation, arguments, &[]).await;
        assert!(told.contains("9999_from_the_future"), "{arguments:?}: {told}");
    }
}

/// What a process says that doesn't start.
async fn refused(installation: &Installation, arguments: &[&str], settings: &[(&str, &str)]) -> String {
    let mut command = installation.command(arguments);
    let output = command.envs(settings.iter().copied()).output().await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_by_every_process() {
    let installation = migrated().await;
    let running = installation.start(&["react"], &[]).await;
    let taken = running.at("").replace("http://", "");
    for (arguments, _) in PROCESSES {
        for (variable, value, said) in [
            ("PROPERTYOS_LEASE", "1ms", "`lease` is less than"),
            ("KAFKA_BROKERS", "localhost", "`kafka_brokers` is `localhost`"),
            ("PROPERTYOS_LEES", "1s", "PROPERTYOS_LEES sets nothing"),
            ("PROPERTYOS_LISTEN", &taken, "can't listen on"),
        ] {
            let told = refused(&installation, arguments, &[(variable, value)]).await;
            assert!(told.contains(said), "{arguments:?}, {variable}={value}: {told}");
        }
    }
    assert!(running.stop().await.success());
}

#[tokio::test]
async fn two_nodes_do_not_write_one_search_index() {
    let installation = migrated().await;
    let api = installation.start(&["api"], &[]).await;
    let told = refused(&installation, &["project", "search"], &[]).await;
    assert!(told.contains("a `search_dir` of its own"), "{told}");
    let own = installation.folder().join("another-index");
    let search = [("PROPERTYOS_SEARCH_DIR", own.to_str().unwrap())];
    let beside = installation.start(&["project", "search"], &search).await;
    assert!(own.join("meta.json").exists());
    assert!(beside.stop().await.success());
    assert!(api.stop().await.success());
}

/// How many shards processes hold of what has this name, and 100 for each process that does.
fn held(name: &str) -> String {
    format!(
        "SELECT count(*) + 100 * count(DISTINCT holder) FROM leases
          WHERE projection = '{name}' AND expires_at > clock_timestamp()"
    )
}

async fn through_kafka(installation: Installation) -> Installation {
    let broker = streams::testing::topic().await;
    let installation = installation.with("KAFKA_BROKERS", &broker.servers);
    installation.with("PROPERTYOS_KAFKA_TOPIC", &broker.topic)
}

/// What shares shards: the process, and the name in its leases.
const SHARING: &[(&[&str], &str)] = &[(&["project", "ledger"], "ledger"), (&["relay"], "relay")];

#[tokio::test]
async fn two_processes_share_the_shards_and_one_takes_over_when_the_other_is_killed() {
    let installation = through_kafka(migrated().await).await.with("PROPERTYOS_LEASE", "1s");
    let mut database = database(&installation).await;
    for (arguments, name) in SHARING {
        let one = installation.start(arguments, &[]).await;
        let two = installation.start(arguments, &[]).await;
        until(&mut database, &held(name), 216).await;
        one.kill().await;
        let took = until(&mut database, &held(name), 116).await;
        println!("{arguments:?}: taken over in {took:?} from a killed process, at a lease of 1 s");
        // The lease, a look whether it has ended, and a machine that does other things too.
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert!(two.stop().await.success());
    }
}

#[tokio::test]
async fn a_clean_stop_hands_the_shards_over_at_once() {
    let installation = through_kafka(migrated().await).await.with("PROPERTYOS_LEASE", "10m");
    let mut database = database(&installation).await;
    for (arguments, name) in SHARING {
        let one = installation.start(arguments, &[]).await;
        until(&mut database, &held(name), 116).await;
        let two = installation.start(arguments, &[]).await;
        until(&mut database, &held(name), 216).await;
        one.signal(Signal::TERM);
        let took = until(&mut database, &held(name), 116).await;
        println!("{arguments:?}: handed over in {took:?}, at a lease of 10 minutes");
        assert!(took < Duration::from_secs(20), "{took:?}");
        assert!(one.ended().await.success());
        assert!(two.stop().await.success());
    }
}

#[tokio::test]
async fn one_process_lets_time_pass_and_another_takes_over() {
    let installation = migrated().await.with("PROPERTYOS_LEASE", "1s");
    let mut database = database(&installation).await;
    let one = installation.start(&["react"], &[]).await;
    until_logged(&one, "time has passed").await;
    let two = installation.start(&["react"], &[]).await;
    let holders = "SELECT count(*) FROM leases WHERE projection = 'tick' AND expires_at > clock_timestamp()";
    until(&mut database, holders, 1).await;
    assert!(two.logged("time has passed").is_empty(), "{}", two.printed());
    one.kill().await;
    until_logged(&two, "time has passed").await;
    assert!(two.stop().await.success());
    until(&mut database, holders, 0).await;
}

async fn until_logged(serving: &Serving, message: &str) {
    let begun = Instant::now();
    while serving.logged(message).is_empty() {
        assert!(
            begun.elapsed() < LIMIT,
            "it never logs `{message}`\n{}",
            serving.printed()
        );
        sleep(LOOK_EVERY).await;
    }
}

#[tokio::test]
async fn what_one_process_was_told_another_projects_and_a_third_shows() {
    let installation = migrated().await.with("PROPERTYOS_READ_WAIT", "20s");
    let mut others = Vec::new();
    for read_model in ["ledger", "dashboard", "directory"] {
        others.push(installation.start(&["project", read_model], &[]).await);
    }
    let told = installation.start(&["api"], &[]).await;
    let index = installation.folder().join("another-index");
    let index = [("PROPERTYOS_SEARCH_DIR", index.to_str().unwrap())];
    let asked = installation.start(&["api"], &index).await;
    let token = installation.output(&["token", "--role", "admin"]).await;

    let vendor = json!({"name": "Nguyen Plumbing", "trades": ["plumbing"]});
    let post = told.http().post(told.at("/api/maintenance/vendors"));
    let answer = post.bearer_auth(&token).json(&vendor).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED, "{}", answer.text().await.unwrap());
    let position = answer.headers()["propertyos-position"].clone();
    let vendor: Value = answer.json().await.unwrap();
    for (path, shows) in [
        ("/api/maintenance/vendors", vendor["id"].as_str().unwrap()),
        ("/api/search?q=nguyen", vendor["id"].as_str().unwrap()),
        ("/api/ledger/trial-balance?asOf=2026-11-01", "\"debit\""),
        ("/api/analytics/dashboard", "occupan"),
    ] {
        let get = asked.http().get(asked.at(path)).bearer_auth(&token);
        let answer = get.header("PropertyOS-Position", &position).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(
            status == StatusCode::OK && text.contains(shows),
            "{path}: {status} {text}"
        );
    }
    for process in others.into_iter().chain([told, asked]) {
        assert!(process.stop().await.success());
    }
}

#[tokio::test]
async fn through_kafka_what_one_process_was_told_another_shows() {
    let installation = through_kafka(migrated().await)
        .await
        .with("PROPERTYOS_READ_WAIT", "30s");
    let mut database = database(&installation).await;
    let ledger = installation.start(&["project", "ledger"], &[]).await;
    let api = installation.start(&["api"], &[]).await;
    let relay = installation.start(&["relay"], &[]).await;
    let relayed =
        "SELECT sum(position)::bigint - (SELECT count(*) FROM events) FROM checkpoints WHERE projection = 'relay'";
    until(&mut database, relayed, 0).await;
    until_metric(&ledger, "propertyos_source_shards ", |shards| shards == 16).await;

    let token = installation.output(&["token", "--role", "admin"]).await;
    let post = api.http().post(api.at("/api/maintenance/vendors")).bearer_auth(&token);
    let answer = post.json(&json!({"name": "Nguyen Plumbing"})).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let position = answer.headers()["propertyos-position"].clone();
    for path in ["/api/search?q=nguyen", "/api/ledger/trial-balance?asOf=2026-11-01"] {
        let get = api.http().get(api.at(path)).bearer_auth(&token);
        let answer = get.header("PropertyOS-Position", &position).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    until_metric(&ledger, r#"propertyos_source_events_total{from="topic"} "#, |events| {
        events > 0
    })
    .await;
    until_metric(&relay, "propertyos_relay_lag_events ", |events| events == 0).await;
    let (status, ready) = get(&relay, "/health/ready").await;
    let ready: Value = serde_json::from_str(&ready).unwrap();
    assert_eq!((status, &ready["relay"]["state"]), (StatusCode::OK, &json!("running")));
    until(&mut database, relayed, 0).await;
    let page = installation.output(&["status"]).await;
    assert!(page.contains("RELAY    up to date, 1 process"), "{page}");
    for process in [api, ledger, relay] {
        assert!(process.stop().await.success());
    }
}

/// Waits until the metric of this name, with its labels and a space, is as wanted.
pub async fn until_metric(serving: &Serving, name: &str, wanted: impl Fn(i64) -> bool) {
    let begun = Instant::now();
    loop {
        let (_, metrics) = get(serving, "/metrics").await;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.parse().ok());
        if value.is_some_and(&wanted) {
            return;
        }
        assert!(begun.elapsed() < LIMIT, "{name} is {value:?}");
        sleep(LOOK_EVERY).await;
    }
}

#[tokio::test]
async fn one_process_streams_through_kafka_too() {
    let installation = through_kafka(Installation::on_shared_server(PROPERTYOS).await).await;
    let serving = installation.serve().await;
    until_metric(&serving, "propertyos_relay_events_total ", |events| events > 0).await;
    until_metric(&serving, "propertyos_source_shards ", |shards| shards == 16).await;
    assert!(serving.stop().await.success());
}

#[tokio::test]
async fn a_relay_without_a_broker_is_refused() {
    let installation = migrated().await;
    let told = refused(&installation, &["relay"], &[]).await;
    assert!(told.contains("`kafka_brokers` is not set"), "{told}");
}

#[tokio::test]
async fn a_process_works_beside_a_private_database_as_long_as_that_runs() {
    let installation = Installation::new(PROPERTYOS);
    let told = refused(&installation, &["project", "ledger"], &[]).await;
    assert!(told.contains("start `propertyos serve` there"), "{told}");
    let serving = installation.serve().await;
    let beside = installation.start(&["project", "ledger"], &[]).await;
    assert!(serving.stop().await.success());
    assert_eq!(beside.ended().await.code(), Some(1));
}
