//! How fast each read model is made anew from the log, beside a plain copy of it.

use std::time::{Duration, Instant};

use projections::search::{Node, marks_in};
use store::{connect, personal::PersonalData, secrets::Secrets};
use streams::{Feed, LogSource, Reader};
use tests::Installation;
use tokio::process::Command;

use crate::report::Report;

pub async fn measure(report: &mut Report, installation: &Installation) {
    let copied = copied(installation).await;
    for read_model in ["ledger", "dashboard", "directory"] {
        let said = installation.output(&["replay", "rebuild", read_model]).await;
        let words: Vec<&str> = said.split(' ').collect();
        let [events, "events", "in", seconds, "s"] = words[..] else {
            panic!("a rebuild says something else: {said}")
        };
        let took = Duration::from_secs_f64(seconds.parse().expect("seconds"));
        tell(report, read_model, events.parse().expect("a count"), took, copied);
    }
    let (events, took) = search(installation).await;
    tell(report, "search", events, took, copied);
}

#[expect(clippy::cast_precision_loss, reason = "a count of events")]
fn tell(report: &mut Report, read_model: &str, events: u64, took: Duration, copied: f64) {
    let rate = events as f64 / took.as_secs_f64();
    let figure = format!(
        "{rate:.0} events/s of {events}, {:.3} of a copy of the log",
        rate / copied
    );
    report.figure(&format!("rebuild of {read_model}"), &figure, "");
}

/// How many events a second a plain binary COPY takes out of the log and into another table.
async fn copied(installation: &Installation) -> f64 {
    let [folder, name] = installation.database().expect("a database").place();
    let mut superuser = installation.database().expect("a database").superuser().await;
    let table = "CREATE TABLE copied (LIKE events)";
    sqlx::query(table).execute(&mut superuser).await.expect("a table");
    let psql = format!("psql --quiet --no-psqlrc --host {folder} --username postgres --dbname {name} --command");
    let pipe = format!(
        "{psql} 'COPY (SELECT * FROM events) TO STDOUT (FORMAT binary)' | {psql} 'COPY copied FROM STDIN (FORMAT binary)'"
    );
    let begun = Instant::now();
    let done = Command::new("bash").args(["-c", &pipe]).status().await.expect("bash");
    let took = begun.elapsed();
    assert!(done.success(), "the log can't be copied");
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM copied")
        .fetch_one(&mut superuser)
        .await
        .expect("a table");
    sqlx::query("DROP TABLE copied")
        .execute(&mut superuser)
        .await
        .expect("a table");
    #[expect(clippy::cast_precision_loss, reason = "a count of events")]
    let rate = count as f64 / took.as_secs_f64();
    rate
}

/// Makes another index beside that of the server, up to where that one stands.
async fn search(installation: &Installation) -> (u64, Duration) {
    let settings = installation.database().expect("a database").settings();
    let pools = connect(&settings).await.expect("connections");
    let secrets = Secrets::in_folder(&installation.data_folder().join("secrets")).expect("the keys");
    let reader = Reader::new(pools.stream.clone(), PersonalData::new(secrets.master));
    let feed = Feed::new(LogSource::new(pools.stream.clone()), reader);
    let marks = marks_in(&installation.data_folder().join("search")).expect("an index");
    let folder = tempfile::tempdir().expect("a folder");
    let mut node = Node::open(folder.path()).expect("an empty index");
    let begun = Instant::now();
    let events = node.follow(&feed, &marks).await.expect("a log");
    (events, begun.elapsed())
}
