//! The third promise: who reads the tail sees every committed event once, in an order that never changes.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use commands::log::{EventLog, NewCommand, heads};
use domain::ids::OrganizationId;
use schemas::{Shard, shard_of};
use sqlx::{Connection, Executor, PgConnection, PgPool, Row};
use store::testing::TestDatabase;
use uuid::Uuid;

use crate::support::{Build, Call, NEIGHBOURS, OURS, THEIRS, command, new_log, vendor};

/// Commands that were acknowledged, with how many events each wrote.
type Acknowledged = Arc<Mutex<HashMap<(OrganizationId, Uuid), i64>>>;

const COMMANDS_PER_WRITER: u32 = 200;
const EVENTS_PER_COMMAND: u32 = 60;

/// One of the writers: it has streams and command ids of its own.
struct Writer {
    number: u128,
    organization: OrganizationId,
    log: EventLog,
    acknowledged: Acknowledged,
}

impl Writer {
    fn command(&self, n: u32) -> NewCommand {
        command((self.number << 32) | u128::from(n)).of(self.organization)
    }

    async fn give(&self, command: NewCommand) {
        let (id, events) = (command.command_id.0, i64::try_from(command.events.len()).unwrap());
        self.log.append(command).await.unwrap();
        self.acknowledged
            .lock()
            .unwrap()
            .insert((self.organization, id), events);
    }

    /// Writes one stream.
    async fn plain(self) {
        let stream = vendor(self.number);
        for n in 0..COMMANDS_PER_WRITER {
            let command = self.command(n).expecting(stream, i64::from(n * EVENTS_PER_COMMAND));
            self.give(command.writing(stream, EVENTS_PER_COMMAND)).await;
        }
    }

    /// Writes two streams at once, in turns.
    async fn over_two_streams(self) {
        let (one, other) = (vendor(self.number), vendor(self.number | 1 << 20));
        let half = EVENTS_PER_COMMAND / 2;
        for n in 0..COMMANDS_PER_WRITER {
            let sequence = i64::from(n * half);
            let mut command = self.command(n).expecting(one, sequence).expecting(other, sequence);
            for _ in 0..half {
                command = command.writing(one, 1).writing(other, 1);
            }
            self.give(command).await;
        }
    }

    /// Gives each command three times, twice of them at once.
    async fn repeating(self) {
        let stream = vendor(self.number);
        for n in 0..COMMANDS_PER_WRITER {
            let command = self.command(n).expecting(stream, i64::from(n * EVENTS_PER_COMMAND));
            let command = command.writing(stream, EVENTS_PER_COMMAND);
            tokio::join!(self.give(command.clone()), self.give(command.clone()));
            self.give(command).await;
        }
    }

    /// Appends in a transaction that stays open for a while, by hand: slow, and every other time it takes it all back.
    async fn slow_and_wavering(self, mut connection: PgConnection) {
        let stream = vendor(self.number);
        for n in 0..COMMANDS_PER_WRITER {
            let command = self.command(n);
            let call = Call {
                epoch: 1,
                commands: vec![(self.organization, command.command_id.0.as_u128())],
                streams: vec![(1, stream, i64::from(n / 2))],
                events: vec![1],
                ..Call::default()
            };
            let mut transaction = connection.begin().await.unwrap();
            let shard = shard_of(self.organization).number();
            assert_eq!(call.make(&mut transaction, shard).await.unwrap(), [0]);
            for _ in 0..5 {
                transaction
                    .execute("SELECT count(*) FROM generate_series(1, 1000)")
                    .await
                    .unwrap();
            }
            if n % 2 == 0 {
                transaction.rollback().await.unwrap();
            } else {
                transaction.commit().await.unwrap();
                self.acknowledged
                    .lock()
                    .unwrap()
                    .insert((self.organization, command.command_id.0), 1);
            }
        }
    }
}

/// What a reader that polls has seen of the log. Everything it sees is held against what it saw before.
#[derive(Default)]
struct Reader {
    cursors: [i64; 16],
    sequences: HashMap<(Uuid, String, Uuid), i64>,
    /// Of each command, how many of its events.
    commands: HashMap<(OrganizationId, Uuid), i64>,
    events: HashSet<(OrganizationId, Uuid)>,
}

impl Reader {
    /// Takes what is new on a shard; says how much that was. Each page is one statement, so it sees one moment: no command may
    /// be half there.
    async fn poll(&mut self, pool: &PgPool, shard: Shard) -> usize {
        let sql = format!(
            "SELECT position, tenant_id, aggregate_type, aggregate_id, sequence, command_id, command_index, event_id
               FROM events_{shard} WHERE shard = {shard} AND position > $1 ORDER BY position"
        );
        let cursor = &mut self.cursors[shard.index()];
        let rows = sqlx::query(&sql).bind(*cursor).fetch_all(pool).await.unwrap();
        let mut in_page: HashMap<(OrganizationId, Uuid), i64> = HashMap::new();
        for row in &rows {
            let position: i64 = row.get(0);
            assert_eq!(position, *cursor + 1, "positions of shard {shard} are dense");
            *cursor = position;
            let (tenant, sequence, index): (Uuid, i64, i32) = (row.get(1), row.get(4), row.get(6));
            let last = self.sequences.entry((tenant, row.get(2), row.get(3))).or_default();
            assert_eq!(sequence, *last + 1, "streams are in order");
            *last = sequence;
            let command = (tenant.into(), row.get(5));
            let of_command = in_page.entry(command).or_default();
            assert_eq!(i64::from(index), *of_command, "the events of a command are in order");
            *of_command += 1;
            assert!(self.events.insert((tenant.into(), row.get(7))), "an event is seen once");
        }
        for (command, events) in in_page {
            assert!(
                self.commands.insert(command, events).is_none(),
                "a command is seen whole"
            );
        }
        rows.len()
    }
}

/// A transaction of someone else's that writes, and stays open for as long as this is alive.
async fn foreign_transaction(database: &TestDatabase) -> PgConnection {
    let mut superuser = database.superuser().await;
    superuser
        .execute("CREATE TABLE elsewhere (n int); BEGIN; INSERT INTO elsewhere VALUES (1)")
        .await
        .unwrap();
    superuser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_polling_reader_sees_every_committed_event_once_and_in_order() {
    let (database, log) = new_log().await;
    let _open = foreign_transaction(&database).await;
    let acknowledged = Acknowledged::default();
    let mut writers = tokio::task::JoinSet::new();
    // Three kinds on each of three organizations, two of which share a shard; two slow ones; and one more.
    for (tenth, organization) in (1..).zip([OURS, THEIRS, NEIGHBOURS]) {
        let writer = |n: u128| Writer {
            number: tenth * 10 + n,
            organization,
            log: log.clone(),
            acknowledged: acknowledged.clone(),
        };
        writers.spawn(writer(1).plain());
        writers.spawn(writer(2).over_two_streams());
        writers.spawn(writer(3).repeating());
        if organization != NEIGHBOURS {
            let connection = PgConnection::connect(&database.url("propertyos_app")).await.unwrap();
            writers.spawn(writer(4).slow_and_wavering(connection));
        }
    }
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(read_until(database.pools().await.stream, done.clone()));
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    done.store(true, Ordering::Release);
    let seen = reader.await.unwrap();
    assert_eq!(seen.cursors, heads(&database.pools().await.stream).await.unwrap());
    assert_eq!(seen.commands, *acknowledged.lock().unwrap());
    assert!(seen.events.len() >= 100_000, "{}", seen.events.len());
}

/// Polls while the writers write, and once more when they are done.
async fn read_until(pool: PgPool, done: Arc<AtomicBool>) -> Reader {
    let mut reader = Reader::default();
    loop {
        let last = done.load(Ordering::Acquire);
        for shard in Shard::all() {
            reader.poll(&pool, shard).await;
        }
        if last {
            return reader;
        }
    }
}

#[tokio::test]
async fn an_append_waits_for_one_that_is_not_committed_yet_and_for_nobody_else() {
    let (database, log) = new_log().await;
    let _open = foreign_transaction(&database).await;
    let mut other = PgConnection::connect(&database.url("propertyos_app")).await.unwrap();
    let mut open = other.begin().await.unwrap();
    Call::plain().make(&mut open, 10).await.unwrap();
    let mut waiting = std::pin::pin!(log.append(command(9).expecting(vendor(9), 0).writing(vendor(9), 1)));
    // On another shard nobody waits.
    let theirs = log.append(command(8).of(THEIRS).expecting(vendor(8), 0).writing(vendor(8), 1));
    tokio::select! {
        biased;
        _ = &mut waiting => panic!("it must not overtake"),
        theirs = theirs => assert_eq!(theirs.unwrap().first_position, 1),
    }
    open.commit().await.unwrap();
    assert_eq!(waiting.await.unwrap().first_position, 2);
}

#[tokio::test]
async fn an_append_that_waits_too_long_for_its_turn_gives_up_and_can_be_given_again() {
    let (database, log) = new_log().await;
    let mut other = PgConnection::connect(&database.url("propertyos_app")).await.unwrap();
    let mut open = other.begin().await.unwrap();
    Call::plain().make(&mut open, 10).await.unwrap();
    let given = || log.append(command(9).expecting(vendor(9), 0).writing(vendor(9), 1));
    let refused = given().await;
    assert!(
        matches!(refused, Err(commands::log::AppendError::Unavailable { .. })),
        "{refused:?}"
    );
    open.rollback().await.unwrap();
    assert_eq!(given().await.unwrap().first_position, 1);
}
