//! What is looked up is looked up by one index, also under plans that were made when the log was next to empty: of a table that it
//! knows little of, the server takes any index to be as good.

use std::time::{Duration, Instant};

use commands::{Metrics, execute::Commands, log::EventLog};
use domain::vendor::Vendor;
use sqlx::{PgConnection, postgres::PgPoolOptions};
use store::{personal::PersonalData, testing::TestDatabase};

use crate::{
    batches::{app, pair},
    office::{Office, carry_out, create, vendor_id},
    support::{Call, OURS, new_log, vendor},
};

/// How many events come to a log: so many that one index is higher than another.
const GROWN: i64 = 30_000;
/// More rows than a look-up by the right index reads.
const FEW: i64 = 20;
/// No condition is waited for longer.
const LIMIT: Duration = Duration::from_mins(1);

fn batch(id: u128) -> Call {
    Call {
        commands: vec![(OURS, id), (OURS, id + 1)],
        streams: vec![(1, vendor(id), 0), (2, vendor(id + 1), 0)],
        ..pair()
    }
}

fn single(id: u128) -> Call {
    Call {
        commands: vec![(OURS, id)],
        streams: vec![(1, vendor(id), 0)],
        ..Call::plain()
    }
}

/// A command that comes alone, on a stream that [`batch`] has begun.
fn alone(id: u128) -> Call {
    Call {
        commands: vec![(OURS, id)],
        streams: vec![(1, vendor(1), 1), (1, vendor(id), 0)],
        events: vec![2],
        ..Call::plain()
    }
}

/// Two commands that come together, on a stream that [`batch`] has begun, as a call takes them that is made for these shards.
fn trusting(id: u128, shards: &[u8]) -> Call {
    Call {
        streams: vec![(1, vendor(1), 1), (1, vendor(id), 0), (2, vendor(id + 1), 0)],
        further: vec![(2, 1)],
        events: vec![2, 3],
        homes: vec![i32::try_from(shards.len()).unwrap(); 2],
        ..batch(id)
    }
}

async fn analyze(database: &TestDatabase) {
    let analyzed = sqlx::query("ANALYZE events_10")
        .execute(&mut database.superuser().await)
        .await;
    analyzed.unwrap();
}

/// Adds as many events of our organization, each of a command and of an aggregate of its own.
async fn grow(database: &TestDatabase) {
    let grown = sqlx::query(
        "INSERT INTO events_10 (shard, position, epoch, tenant_id, aggregate_type, aggregate_id, sequence, event_type, event_version,
                                payload, metadata, event_id, command_id, command_index, command_hash)
         SELECT 10, (SELECT max(position) FROM events_10) + n, 1, $2, 'vendor', gen_random_uuid(), 1, 'vendor.unblocked', 1,
                '{}', '{}', gen_random_uuid(), gen_random_uuid(), 0, sha256('')
           FROM generate_series(1, $1) n",
    )
    .bind(GROWN)
    .bind(OURS.0)
    .execute(&mut database.superuser().await)
    .await;
    grown.unwrap();
}

async fn a_call_reads_little(database: &TestDatabase, app: &mut PgConnection) {
    grow(database).await;
    let written_before = Call {
        commands: vec![(OURS, 1), (OURS, 2)],
        ..batch(1)
    };
    let calls = [
        ("two commands", batch(7)),
        ("a command", single(17)),
        ("two that were written before", written_before),
        ("one that was written before", single(11)),
    ];
    for (what, call) in calls {
        let mut transaction = sqlx::Connection::begin(&mut *app).await.unwrap();
        let before = rows_read_by(&mut transaction).await;
        call.make(&mut transaction, 10).await.unwrap();
        let read = rows_read_by(&mut transaction).await - before;
        assert!(read <= FEW, "{what} read {read} of more than {GROWN} rows");
    }
    for shards in [&[10][..], &[5, 10]] {
        let mut transaction = sqlx::Connection::begin(&mut *app).await.unwrap();
        let before = rows_read_by(&mut transaction).await;
        let trusted = trusting(40, shards).trust(&mut transaction, shards).await;
        assert_eq!(trusted.unwrap(), Some(vec![]));
        let read = rows_read_by(&mut transaction).await - before;
        assert!(
            read <= FEW,
            "two commands on trust read {read} of more than {GROWN} rows in {shards:?}"
        );
    }
    let mut transaction = sqlx::Connection::begin(app).await.unwrap();
    let before = rows_read_by(&mut transaction).await;
    assert!(alone(30).make_alone(&mut transaction, 10).await.unwrap().is_some());
    let read = rows_read_by(&mut transaction).await - before;
    assert!(read <= FEW, "a command alone read {read} of more than {GROWN} rows");
}

/// The rows of the leaf that a connection has read, of late.
async fn rows_read_by(connection: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_all_tables WHERE relname = 'events_10'")
        .fetch_one(connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_a_call_reads_does_not_grow_with_a_log_of_which_nothing_was_known() {
    let (database, _log) = new_log().await;
    let mut app = app(&database).await;
    for id in [1, 3] {
        assert_eq!(batch(id).make(&mut app, 10).await.unwrap(), [0, 0]);
        assert_eq!(single(10 + id).make(&mut app, 10).await.unwrap(), [0]);
        assert!(alone(20 + id).make_alone(&mut app, 10).await.unwrap().is_some());
        for (id, shards) in [(50 + 2 * id, &[10][..]), (70 + 2 * id, &[5, 10])] {
            assert_eq!(
                trusting(id, shards).trust(&mut app, shards).await.unwrap(),
                Some(vec![])
            );
        }
    }
    a_call_reads_little(&database, &mut app).await;
}

#[tokio::test]
async fn what_a_call_reads_does_not_grow_with_a_log_that_was_small() {
    let (database, _log) = new_log().await;
    let mut app = app(&database).await;
    for id in [1, 3] {
        assert_eq!(batch(id).make(&mut app, 10).await.unwrap(), [0, 0]);
        assert_eq!(single(10 + id).make(&mut app, 10).await.unwrap(), [0]);
        assert!(alone(20 + id).make_alone(&mut app, 10).await.unwrap().is_some());
        for (id, shards) in [(50 + 2 * id, &[10][..]), (70 + 2 * id, &[5, 10])] {
            assert_eq!(
                trusting(id, shards).trust(&mut app, shards).await.unwrap(),
                Some(vec![])
            );
        }
        analyze(&database).await;
    }
    assert_eq!(batch(5).make(&mut app, 10).await.unwrap(), [0, 0]);
    assert_eq!(single(15).make(&mut app, 10).await.unwrap(), [0]);
    a_call_reads_little(&database, &mut app).await;
}

const READER: &str = "the reader";

/// A process that reads with one connection, which tells the server at once how much it has read.
async fn reader(office: &Office) -> Commands {
    let app = PgPoolOptions::new()
        .max_connections(1)
        .after_release(|connection, _| {
            Box::pin(async move {
                let tell = sqlx::query("SELECT pg_stat_force_next_flush()");
                tell.execute(connection).await.map(|_| true)
            })
        })
        .connect_with(office.database.settings().app.application_name(READER))
        .await
        .unwrap();
    let secrets = office.secrets();
    let log = EventLog::new(app, Metrics::default());
    Commands::new(log, PersonalData::new(secrets.master), secrets.command_hash)
}

/// The rows that were read so far, after the others have told what they read, which they do at their end.
async fn rows_read(database: &TestDatabase) -> i64 {
    let mut superuser = database.superuser().await;
    let until = Instant::now() + LIMIT;
    loop {
        let (others, read): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                      WHERE datname = current_database() AND usename = 'propertyos_app' AND application_name <> $1),
                    (SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_all_tables WHERE relname = 'events_10')",
        )
        .bind(READER)
        .fetch_one(&mut superuser)
        .await
        .unwrap();
        if others == 0 {
            return read;
        }
        assert!(Instant::now() < until, "{others} others go on reading");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_a_decision_reads_does_not_grow_with_a_log_of_which_nothing_was_known() {
    let office = Office::open().await;
    let writer = office.process().await;
    carry_out(&writer, 1_001, &create(1)).await;
    grow(&office.database).await;
    drop(writer);

    let reader = reader(&office).await;
    let before = rows_read(&office.database).await;
    reader.load::<Vendor>(OURS, vendor_id(1)).await.unwrap();
    let read = rows_read(&office.database).await - before;
    assert!((1..=FEW).contains(&read), "an aggregate: {read} rows of {GROWN}");

    assert!(carry_out(&reader, 1_001, &create(1)).await.repeated);
    let read = rows_read(&office.database).await - before;
    assert!(
        read <= 3 * FEW,
        "an answer that was given before: {read} rows of {GROWN}"
    );
}
