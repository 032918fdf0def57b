//! A broker that stands still for a minute while commands come in, and how soon everything has caught up.

use std::time::{Duration, Instant};

use sqlx::PgConnection;
use store::testing::TestServer;
use tokio::time::sleep;

use crate::{
    estate::{Estate, memory, seconds},
    report::Report,
    work::{self, Load, Pace},
};

const COMMANDS_PER_SECOND: u32 = 500;
const CLIENTS: u32 = 64;
const BEFORE: Duration = Duration::from_secs(15);
const OUTAGE: Duration = Duration::from_mins(1);
/// Commands come in for so long after it.
const AFTER: Duration = Duration::from_secs(45);
/// Behind by less than what comes in within this time, a reader has caught up.
const ABREAST: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub async fn measure(report: &mut Report) {
    let estate = Estate::start(TestServer::own().await).await;
    let sender = estate.sender.clone();
    let pace = Pace::new(COMMANDS_PER_SECOND);
    let load = tokio::spawn(async move {
        let lasting = BEFORE + OUTAGE + AFTER;
        work::run(Load::Mix, CLIENTS, lasting, Some(pace), |_| sender.clone()).await
    });
    let mut log = estate.superuser().await;
    sleep(BEFORE).await;
    estate.broker.freeze();
    let begun = events(&mut log).await;
    sleep(OUTAGE).await;
    let behind = behind(&mut log).await;
    #[expect(clippy::cast_precision_loss, reason = "a count of events of a minute")]
    let abreast = (events(&mut log).await - begun) as f64 / OUTAGE.as_secs_f64() * ABREAST.as_secs_f64();
    for (reader, events) in &behind {
        report.figure(
            &format!("outage of a minute: {reader} at its end"),
            &format!("{events} events behind"),
            "",
        );
    }
    estate.broker.thaw();
    let thawed = Instant::now();
    let mut open: Vec<String> = behind.into_iter().map(|(reader, _)| reader).collect();
    while !open.is_empty() {
        assert!(thawed.elapsed() < AFTER, "{open:?} have not caught up");
        for (reader, events) in self::behind(&mut log).await {
            #[expect(clippy::cast_precision_loss, reason = "a count of events of a minute")]
            let caught_up = (events as f64) < abreast;
            if caught_up && let Some(place) = open.iter().position(|known| *known == reader) {
                open.swap_remove(place);
                report.figure(
                    &format!("outage of a minute: {reader} has caught up after"),
                    &seconds(thawed.elapsed()),
                    "",
                );
            }
        }
        sleep(LOOK_EVERY).await;
    }
    let done = load.await.expect("clients who work to the end");
    let figure = format!(
        "{:.0}/s of {COMMANDS_PER_SECOND}/s, p99 {:.1} ms",
        done.per_second,
        milliseconds(done.p99)
    );
    report.figure("outage of a minute: commands meanwhile", &figure, "");
    for (name, process) in &estate.processes {
        report.figure(&format!("memory of `propertyos {name}` after it"), &memory(process), "");
    }
    estate.stop().await;
}

fn milliseconds(time: Option<Duration>) -> f64 {
    time.unwrap_or_default().as_secs_f64() * 1e3
}

async fn events(log: &mut PgConnection) -> i64 {
    let count = "SELECT coalesce(sum(head), 0)::bigint
      FROM (SELECT max(position) AS head FROM events GROUP BY shard) heads";
    sqlx::query_scalar(count).fetch_one(log).await.expect("a log")
}

/// By how many events each reader is behind the log.
async fn behind(log: &mut PgConnection) -> Vec<(String, i64)> {
    let behind = "SELECT c.projection, sum(heads.head - c.position)::bigint
      FROM checkpoints c JOIN (SELECT shard, max(position) AS head FROM events GROUP BY shard) heads USING (shard)
     GROUP BY c.projection ORDER BY c.projection";
    sqlx::query_as(behind).fetch_all(log).await.expect("checkpoints")
}
