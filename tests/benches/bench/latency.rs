//! From the commit of a command to the commit of what the ledger makes of it, at a steady rate: PostgreSQL keeps the time of both.

use std::{
    fs::File,
    io::Write,
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection, Row};
use store::testing::TestServer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    estate::{Estate, founded},
    over_http::Sender,
    report::Report,
    rounds::Spread,
    work::{self, Load, Pace},
};

const COMMANDS_PER_SECOND: u32 = 500;
const CLIENTS: u32 = 64;
const WARM_UP: Duration = Duration::from_secs(5);
const LASTING: Duration = Duration::from_secs(30);
/// Milliseconds that 99 of 100 may take.
const GOALS: [(&str, f64); 2] = [("through the log", 15.0), ("through Kafka", 40.0)];

pub async fn measure(report: &mut Report) {
    of_the_machine(report).await;
    through_the_log(report).await;
    through_kafka(report).await;
}

async fn through_the_log(report: &mut Report) {
    let server = TestServer::own().await;
    keep_times(&server).await;
    let installation = founded(&server).await;
    let serving = installation.serve().await;
    let token = installation.output(&["token", "--role", "admin"]).await;
    let sender = Sender::open(&serving, token).await;
    let mut superuser = installation.database().expect("a database").superuser().await;
    tell(report, GOALS[0], &sender, &mut superuser).await;
    assert!(serving.stop().await.success(), "it stops in order");
}

async fn through_kafka(report: &mut Report) {
    let server = TestServer::own().await;
    keep_times(&server).await;
    let estate = Estate::start(server).await;
    let mut superuser = estate.superuser().await;
    tell(report, GOALS[1], &estate.sender, &mut superuser).await;
    estate.stop().await;
}

/// Lets a server keep the time of every commit.
async fn keep_times(server: &TestServer) {
    let mut superuser = server.superuser("postgres").await;
    let on = sqlx::query("ALTER SYSTEM SET track_commit_timestamp = on")
        .execute(&mut superuser)
        .await;
    on.expect("a superuser");
    superuser.close().await.expect("a server");
    server.restart().await;
}

async fn tell(report: &mut Report, (mode, goal): (&str, f64), sender: &Sender, superuser: &mut PgConnection) {
    let gate = |_| sender.clone();
    work::run(Load::Mix, CLIENTS, WARM_UP, Some(Pace::new(COMMANDS_PER_SECOND)), gate).await;
    let since: i64 = sqlx::query_scalar("SELECT max(position) FROM events")
        .fetch_one(&mut *superuser)
        .await
        .expect("a log");
    let done = work::run(Load::Mix, CLIENTS, LASTING, Some(Pace::new(COMMANDS_PER_SECOND)), gate).await;
    // Of each event, when the ledger had it: the first of its entries. One organization is one shard.
    let percentiles = "SELECT count(*), percentile_disc(ARRAY[0.5, 0.99, 0.999]) WITHIN GROUP (ORDER BY took)
      FROM (SELECT extract(epoch FROM pg_xact_commit_timestamp(min(l.xmin::text::bigint)::text::xid)
                                    - pg_xact_commit_timestamp(e.xmin))::float8 * 1000 AS took
              FROM events e JOIN ledger_v2.entries l ON l.tenant_id = e.tenant_id AND l.event_id = e.event_id
             WHERE e.position > $1 GROUP BY e.event_id, e.xmin) visible";
    let row = sqlx::query(percentiles)
        .bind(since)
        .fetch_one(&mut *superuser)
        .await
        .expect("times of commits");
    let (events, times): (i64, Vec<f64>) = (row.get(0), row.get(1));
    let figure = format!(
        "p50 {:.1} ms, p99 {:.1} ms, p99.9 {:.1} ms ({events} events at {:.0} commands/s)",
        times[0], times[1], times[2], done.per_second
    );
    let met = if times[1] <= goal { "met" } else { "missed" };
    report.figure(
        &format!("from a command's commit to the ledger's, {mode}"),
        &figure,
        &format!("p99 {goal} ms: {met}"),
    );
}

/// What the machine itself takes to write something to the disk, and to send something to itself and back.
async fn of_the_machine(report: &mut Report) {
    const TIMES: usize = 1_000;
    let mut file = tempfile::tempfile_in("/tmp").expect("a file");
    let mut writes = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        writes.push(write_through(&mut file));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut byte = [0];
        while stream.read_exact(&mut byte).await.is_ok() && stream.write_all(&byte).await.is_ok() {}
    });
    let mut stream = TcpStream::connect(address).await.expect("a listener");
    stream.set_nodelay(true).expect("a socket");
    let mut round_trips = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let sent = Instant::now();
        stream.write_all(&[1]).await.expect("a listener");
        stream.read_exact(&mut [0]).await.expect("a listener");
        round_trips.push(sent.elapsed());
    }
    for (what, times) in [
        ("8 KiB written and synced by the machine itself", writes),
        ("a byte over loopback and back", round_trips),
    ] {
        let times = Spread::of(times.iter().map(|time| time.as_secs_f64() * 1e3)).expect("some");
        report.figure(
            what,
            &format!("{:.3} ms ({:.3} to {:.3})", times.median, times.least, times.greatest),
            "",
        );
    }
}

fn write_through(file: &mut File) -> Duration {
    let begun = Instant::now();
    file.write_all(&[7; 8192]).expect("room");
    file.sync_data().expect("a disk");
    begun.elapsed()
}
