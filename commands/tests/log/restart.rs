//! A database that goes away under load, and comes back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use commands::{
    execute::{Commands, ExecuteError, Receipt},
    log::{AppendError, EventLog, heads},
};
use schemas::shard_of;
use sqlx::{PgPool, Row};
use store::testing::TestServer;
use tokio::{sync::watch, task::JoinSet, time::timeout};

use crate::{
    office::{Office, create, given, update},
    support::{Build, OURS, SCHEMA, command, vendor},
};

const CLIENTS: u128 = 12;
/// Longer than anything here takes, unless it takes for ever.
const PATIENCE: Duration = Duration::from_mins(2);

/// What the clients have been answered so far.
#[derive(Debug, Default, Clone, Copy)]
struct Answers {
    receipts: usize,
    unavailable: usize,
}

/// A client that changes a vendor of its own again and again, and gives each command until it has a receipt.
async fn client(
    number: u128,
    process: Arc<Commands>,
    answers: Arc<watch::Sender<Answers>>,
    done: Arc<AtomicBool>,
) -> Vec<Receipt> {
    let mut receipts = Vec::new();
    let mut next = 0;
    while !done.load(Ordering::Relaxed) {
        let id = (number << 32) | next;
        let result = if next == 0 {
            process.execute(&given(id), &create(number)).await
        } else {
            process
                .execute(&given(id), &update(number, &format!("Drip {next}")))
                .await
        };
        match result {
            Ok(receipt) => {
                receipts.push(receipt);
                next += 1;
                answers.send_modify(|answers| answers.receipts += 1);
            }
            Err(ExecuteError::Unavailable { retry_after, .. }) => {
                assert!(retry_after > Duration::ZERO);
                answers.send_modify(|answers| answers.unavailable += 1);
            }
            Err(other) => panic!("neither a receipt nor unavailable: {other:?}"),
        }
    }
    receipts
}

/// Waits until the clients have been answered so much more.
async fn wait_for(answers: &mut watch::Receiver<Answers>, more: Answers) {
    let now = *answers.borrow();
    let enough = |answers: &Answers| {
        answers.receipts >= now.receipts + more.receipts && answers.unavailable >= now.unavailable + more.unavailable
    };
    timeout(PATIENCE, answers.wait_for(enough))
        .await
        .expect("in time")
        .expect("clients");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_commands_are_unavailable_and_then_everything_goes_on() {
    let server = TestServer::own().await;
    let office = Office::on(server.database(SCHEMA).await).await;
    let process = Arc::new(office.process().await);
    let done = Arc::new(AtomicBool::new(false));
    let (sender, mut answers) = watch::channel(Answers::default());
    let sender = Arc::new(sender);
    let mut clients = JoinSet::new();
    for number in 1..=CLIENTS {
        clients.spawn(client(number, process.clone(), sender.clone(), done.clone()));
    }
    let some = |receipts, unavailable| Answers { receipts, unavailable };
    for round in 0..4 {
        wait_for(&mut answers, some(100, 0)).await;
        if round % 2 == 0 {
            server.stop().await;
        } else {
            server.kill().await;
        }
        wait_for(&mut answers, some(0, 10)).await;
        server.start().await;
    }
    wait_for(&mut answers, some(100, 0)).await;
    done.store(true, Ordering::Relaxed);
    let mut acknowledged: Vec<_> = clients.join_all().await.concat().iter().map(place).collect();
    acknowledged.sort_unstable();
    let pool = office.database.pools().await.stream;
    // Everything that was acknowledged is there once; what was not, was given again until it was.
    assert_eq!(in_the_log(&pool).await, acknowledged);
}

/// Where a command of one event says that it stands.
fn place(receipt: &Receipt) -> (i64, i64, uuid::Uuid) {
    (receipt.last_position, receipt.primary_sequence(), receipt.last_event_id)
}

async fn in_the_log(pool: &PgPool) -> Vec<(i64, i64, uuid::Uuid)> {
    let rows =
        sqlx::query("SELECT position, sequence, event_id FROM events WHERE aggregate_type = 'vendor' ORDER BY 1")
            .fetch_all(pool)
            .await
            .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_unavailable_in_bounded_time() {
    let server = TestServer::own().await;
    let database = server.database(SCHEMA).await;
    let log = EventLog::new(database.pools().await.app, commands::Metrics::default());
    log.append(command(1).expecting(vendor(1), 0).writing(vendor(1), 1))
        .await
        .unwrap();
    let given = || log.append(command(2).expecting(vendor(1), 1).writing(vendor(1), 1));
    server.stall();
    let refused = timeout(PATIENCE, given()).await.expect("in time");
    assert!(matches!(refused, Err(AppendError::Unavailable { .. })), "{refused:?}");
    server.resume();
    // Whether it was written while nobody heard of it or is written now: it is there, once.
    let appended = timeout(PATIENCE, given()).await.expect("in time").unwrap();
    assert_eq!(appended.first_position, 2);
    assert_eq!(log.stream(OURS, vendor(1)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_connection_that_breaks_under_an_append_leaves_no_doubt() {
    let server = TestServer::own().await;
    let database = server.database(SCHEMA).await;
    let log = EventLog::new(database.pools().await.app, commands::Metrics::default());
    let mut sequence = 0;
    for id in 1..=40 {
        let append = log.append(command(id).expecting(vendor(1), sequence).writing(vendor(1), 1));
        let cut = async {
            // At whatever point the append is: before, under or after its call.
            let mut superuser = database.superuser().await;
            let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'propertyos_app'";
            sqlx::query(cut).execute(&mut superuser).await.unwrap();
        };
        let (appended, ()) = tokio::join!(append, cut);
        match appended {
            Ok(appended) => {
                sequence += 1;
                assert_eq!(appended.last_position, sequence);
            }
            // The cut came twice. Nobody knows; asked again, the log does.
            Err(AppendError::Unavailable { .. }) => {
                let again = command(id).expecting(vendor(1), sequence).writing(vendor(1), 1);
                sequence += 1;
                assert_eq!(log.append(again).await.unwrap().last_position, sequence);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    let heads = heads(&database.pools().await.stream).await.unwrap();
    assert_eq!(heads[shard_of(OURS).index()], 40);
}
