//! What is looked up is looked up by one index, also under plans that were made when the log was next to empty: of a table that it
//! knows little of, the server takes any index to be as good.

use commands::log::EventLog;
use sqlx::PgConnection;
use store::testing::TestDatabase;

use crate::{
    batches::{app, pair},
    support::{Build, Call, OURS, command, new_log, vendor},
};

/// How many events come to a log before it is read again.
const GROWN: u128 = 3_000;
/// More rows than a look-up by the right index reads.
const FEW: i64 = 20;

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

async fn analyze(database: &TestDatabase) {
    let analyzed = sqlx::query("ANALYZE events_10")
        .execute(&mut database.superuser().await)
        .await;
    analyzed.unwrap();
}

async fn a_call_reads_little(log: &EventLog, app: &mut PgConnection) {
    let more = (100..100 + GROWN).map(|id| log.append(command(id).expecting(vendor(id), 0).writing(vendor(id), 1)));
    futures::future::try_join_all(more).await.unwrap();
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
        let mut transaction = sqlx::Connection::begin(app).await.unwrap();
        call.make(&mut transaction, 10).await.unwrap();
        let read: i64 = sqlx::query_scalar(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_all_tables WHERE relname = 'events_10'",
        )
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
        assert!(read <= FEW, "{what} read {read} of more than {GROWN} rows");
    }
}

#[tokio::test]
async fn what_a_call_reads_does_not_grow_with_a_log_of_which_nothing_was_known() {
    let (database, log) = new_log().await;
    let mut app = app(&database).await;
    for id in [1, 3] {
        assert_eq!(batch(id).make(&mut app, 10).await.unwrap(), [0, 0]);
        assert_eq!(single(10 + id).make(&mut app, 10).await.unwrap(), [0]);
    }
    a_call_reads_little(&log, &mut app).await;
}

#[tokio::test]
async fn what_a_call_reads_does_not_grow_with_a_log_that_was_small() {
    let (database, log) = new_log().await;
    let mut app = app(&database).await;
    for id in [1, 3] {
        assert_eq!(batch(id).make(&mut app, 10).await.unwrap(), [0, 0]);
        assert_eq!(single(10 + id).make(&mut app, 10).await.unwrap(), [0]);
        analyze(&database).await;
    }
    assert_eq!(batch(5).make(&mut app, 10).await.unwrap(), [0, 0]);
    assert_eq!(single(15).make(&mut app, 10).await.unwrap(), [0]);
    a_call_reads_little(&log, &mut app).await;
}
