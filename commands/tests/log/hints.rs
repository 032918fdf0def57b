//! What an append tells others besides its answer: a hint that there is something new, and figures.

use std::time::Duration;

use commands::{
    Metrics,
    log::{EventLog, heads},
};
use prometheus_client::{encoding::text::encode, registry::Registry};
use schemas::{WAKE_CHANNEL, shard_of};
use sqlx::postgres::PgListener;
use store::testing::TestDatabase;
use tokio::time::timeout;

use crate::{
    office::{Office, carry_out, create, given, unblock},
    support::{Build, OURS, SCHEMA, command, new_log, vendor},
};

/// Longer than a hint takes, unless none comes.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_hint_comes_when_what_it_hints_at_can_be_read() {
    let (database, log) = new_log().await;
    let stream = database.pools().await.stream;
    let mut listener = PgListener::connect_with(&stream).await.unwrap();
    listener.listen(WAKE_CHANNEL).await.unwrap();
    log.append(command(1).expecting(vendor(1), 0).writing(vendor(1), 1))
        .await
        .unwrap();
    timeout(PATIENCE, listener.recv()).await.expect("a hint").unwrap();
    assert_eq!(heads(&stream).await.unwrap()[shard_of(OURS).index()], 1);
}

#[tokio::test]
async fn figures_are_kept_of_commands_conflicts_and_appends() {
    let database = TestDatabase::new(SCHEMA).await;
    let metrics = Metrics::default();
    let log = EventLog::new(database.pools().await.app, metrics.clone());
    let first = || command(1).expecting(vendor(1), 0).writing(vendor(1), 1);
    log.append(first()).await.unwrap();
    log.append(command(2).expecting(vendor(1), 0).writing(vendor(1), 1))
        .await
        .unwrap_err();
    let mut registry = Registry::default();
    metrics.register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    for line in [
        "append_conflicts_total 1",
        // What is stale is looked at once more.
        "append_seconds_count 3",
        "append_batch_commands_sum 3.0",
        "append_batch_commands_count 3",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn commands_are_counted_by_what_became_of_them() {
    let office = Office::open().await;
    let process = office.process().await;
    carry_out(&process, 2, &create(1)).await;
    carry_out(&process, 2, &create(1)).await;
    process.execute(&given(3), &unblock(1)).await.unwrap_err();
    let mut registry = Registry::default();
    process.log().metrics().register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    for outcome in ["Written", "Repeated", "Refused"] {
        let line = format!("commands_total{{outcome=\"{outcome}\"}} 1");
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
