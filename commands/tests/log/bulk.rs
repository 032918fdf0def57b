//! Bulk loads: they are alone, they are whole, and they let nobody else into the log.

use commands::{
    Metrics,
    execute::{Bulk, BulkError, CarryOut, Command, Commands, ExecuteError, InternalError, Invocation},
    handlers::{FoundOrganization, OnStream},
    log::{AppendError, EventLog, ReadError, epoch},
};
use domain::{
    Refuse,
    claim::{Claim, ClaimCommand},
    ids::ClaimId,
    money::Currency,
    settings::Settings,
    vendor::Vendor,
};
use sqlx::{Executor, PgConnection, Row};
use std::time::Duration;
use store::{connect, personal::PersonalData};
use tokio::{
    runtime::{self, Runtime},
    time::sleep,
};
use uuid::Uuid;

use crate::{
    office::{Office, block, create, given, june, unblock, update, vendor_id},
    support::{NEIGHBOURS, OURS},
};

/// A load of the neighbours, who are on the same shard as the office; so many events are written at a time.
async fn load(office: &Office, process: &Commands, batch_events: u32) -> Bulk {
    let owner = office.database.owner().await;
    process.bulk(owner, NEIGHBOURS, batch_events).await.unwrap()
}

fn to_neighbours(id: u128) -> Invocation {
    Invocation {
        organization: NEIGHBOURS,
        ..given(id)
    }
}

fn found() -> FoundOrganization {
    FoundOrganization {
        name: "The neighbours".into(),
        settings: Settings::usual(Currency::USD, chrono_tz::America::New_York),
    }
}

async fn carry_out<C: Command>(bulk: &Bulk, id: u128, command: &C) {
    bulk.carry_out(&to_neighbours(id), command).await.unwrap();
}

/// Whose events stand in the shard, in order.
pub async fn owners(office: &Office) -> Vec<Uuid> {
    let rows = sqlx::query("SELECT tenant_id, position FROM events_10 ORDER BY position")
        .fetch_all(&mut office.database.superuser().await)
        .await
        .unwrap();
    for (row, position) in rows.iter().zip(1_i64..) {
        assert_eq!(row.get::<i64, _>("position"), position);
    }
    rows.iter().map(|row| row.get("tenant_id")).collect()
}

fn refused(result: Result<(), ExecuteError>) -> &'static str {
    match result {
        Err(ExecuteError::Refused(refusal)) => refusal.rule(),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn others_may_write_to_the_shard_meanwhile() {
    let office = Office::open().await;
    let process = office.process().await;
    let bulk = load(&office, &process, 1).await;
    carry_out(&bulk, 50, &found()).await;
    for n in 1..4 {
        carry_out(&bulk, 50 + n, &create(n)).await;
        process.execute(&given(60 + n), &create(n)).await.unwrap();
    }
    // The organization with its two accounts, and three vendors.
    assert_eq!(bulk.finish().await.unwrap(), 6);
    let owners = owners(&office).await;
    let of = |organization: Uuid| owners.iter().filter(|owner| **owner == organization).count();
    assert_eq!((of(OURS.0), of(NEIGHBOURS.0)), (6, 6));
}

#[tokio::test]
async fn what_was_loaded_is_repeated_and_continued_by_commands() {
    let office = Office::open().await;
    let process = office.process().await;
    let bulk = load(&office, &process, 100).await;
    carry_out(&bulk, 50, &found()).await;
    carry_out(&bulk, 51, &create(1)).await;
    bulk.finish().await.unwrap();

    let again = process.execute(&to_neighbours(51), &create(1)).await.unwrap();
    assert!(again.repeated);
    assert_eq!((again.first_position, again.last_position), (7, 7));
    let another = process.execute(&to_neighbours(51), &create(2)).await;
    assert!(matches!(another, Err(ExecuteError::CommandIdReused)), "{another:?}");
    // Its name is sealed under a key that was written with it.
    let next = process.execute(&to_neighbours(52), &update(1, "Drip")).await.unwrap();
    assert_eq!((next.first_position, next.written[0].sequence), (8, 2));
}

#[tokio::test]
async fn an_organization_that_has_events_is_refused_at_once() {
    let office = Office::open().await;
    let refused = office
        .process()
        .await
        .bulk(office.database.owner().await, OURS, 100)
        .await;
    assert!(matches!(refused, Err(BulkError::NotEmpty(OURS))));
}

/// Why a load could not be ended.
fn why(ended: Result<u64, BulkError>) -> AppendError {
    match ended {
        Err(BulkError::Write(error)) => error,
        other => panic!("not a refusal of the log: {other:?}"),
    }
}

#[tokio::test]
async fn a_load_writes_nothing_more_once_others_write_to_its_organization() {
    let office = Office::open().await;
    let process = office.process().await;
    let bulk = load(&office, &process, 100).await;
    carry_out(&bulk, 50, &found()).await;
    process.execute(&to_neighbours(90), &found()).await.unwrap();
    assert!(matches!(why(bulk.finish().await), AppendError::NotAlone));
    assert_eq!(owners(&office).await.len(), 6);
}

#[tokio::test]
async fn a_load_writes_nothing_more_once_others_write_between_its_batches() {
    let office = Office::open().await;
    let process = office.process().await;
    let bulk = load(&office, &process, 100).await;
    carry_out(&bulk, 50, &found()).await;
    carry_out(&bulk, 51, &create(1)).await;
    // What was just before an event at the same instant is asked of the log: all before it is written now.
    bulk.load_before::<Vendor>(NEIGHBOURS, vendor_id(1), june(1, 20))
        .await
        .unwrap();
    process.execute(&to_neighbours(90), &create(2)).await.unwrap();
    carry_out(&bulk, 52, &block(1, "late")).await;
    assert!(matches!(why(bulk.finish().await), AppendError::NotAlone));
    assert_eq!(owners(&office).await.len(), 8);
}

#[tokio::test]
async fn a_load_that_can_not_go_on_says_why_at_the_next_command_and_at_the_end() {
    for is_new_epoch in [true, false] {
        let office = Office::open().await;
        let process = office.process().await;
        let bulk = load(&office, &process, 4).await;
        carry_out(&bulk, 50, &found()).await;
        if is_new_epoch {
            epoch::begin(&mut office.database.owner().await).await.unwrap();
        } else {
            process.execute(&to_neighbours(90), &found()).await.unwrap();
        }
        // Four events are handed to the writer; with the next four it is heard of.
        for n in 1..5 {
            carry_out(&bulk, 50 + n, &create(n)).await;
        }
        let is_told = |error: &AppendError| match error {
            AppendError::NewEpoch => is_new_epoch,
            AppendError::NotAlone => !is_new_epoch,
            other => panic!("{other}"),
        };
        let next = bulk.carry_out(&to_neighbours(55), &create(5)).await;
        let Err(ExecuteError::Internal(InternalError::Append(error))) = next else {
            panic!("{next:?}");
        };
        assert!(is_told(&error));
        let asked = bulk.carry_out(&to_neighbours(56), &create(1)).await;
        let Err(ExecuteError::Internal(InternalError::Read(ReadError::Unwritten(error)))) = asked else {
            panic!("{asked:?}");
        };
        assert!(is_told(&error));
        assert!(is_told(&why(bulk.finish().await)));
    }
}

/// A runtime that stands still whenever nobody is in it.
fn runtime() -> Runtime {
    runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Waits until the owner waits for a shard.
async fn until_the_owner_waits(database: &mut PgConnection) {
    let waits = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND usename = 'propertyos_owner' AND wait_event = 'advisory'";
    for _ in 0..6_000 {
        if sqlx::query_scalar::<_, i64>(waits)
            .fetch_one(&mut *database)
            .await
            .unwrap()
            == 1
        {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("the owner never waited");
}

#[test]
fn a_program_that_stands_still_does_not_keep_others_from_the_shard() {
    let (here, there) = (runtime(), runtime());
    let office = here.block_on(Office::open());
    let mut holder = here.block_on(office.database.superuser());
    here.block_on(holder.execute("BEGIN; SELECT pg_advisory_xact_lock(7001, 10)"))
        .unwrap();
    let bulk = there.block_on(async {
        let app = connect(&office.database.settings()).await.unwrap().app;
        let secrets = office.secrets();
        let log = EventLog::new(app, Metrics::default());
        let process = Commands::new(log, PersonalData::new(secrets.master), secrets.command_hash);
        let bulk = load(&office, &process, 1).await;
        carry_out(&bulk, 50, &found()).await;
        until_the_owner_waits(&mut office.database.superuser().await).await;
        bulk
    });

    here.block_on(async {
        holder.execute("COMMIT").await.unwrap();
        office.process().await.execute(&given(60), &create(1)).await.unwrap();
    });
    assert_eq!(there.block_on(bulk.finish()).unwrap(), 3);
    assert_eq!(here.block_on(owners(&office)).len(), 7);
}

#[tokio::test]
async fn a_command_that_is_given_again_is_known_to_have_been_carried_out() {
    let office = Office::open().await;
    let process = office.process().await;
    let bulk = load(&office, &process, 100).await;
    carry_out(&bulk, 50, &found()).await;
    carry_out(&bulk, 51, &create(1)).await;
    carry_out(&bulk, 52, &block(1, "late")).await;
    for _ in 0..2 {
        carry_out(&bulk, 51, &create(1)).await;
        carry_out(&bulk, 52, &block(1, "late")).await;
    }
    let another = bulk.carry_out(&to_neighbours(52), &block(1, "rude")).await;
    assert!(matches!(another, Err(ExecuteError::CommandIdReused)), "{another:?}");
    assert_eq!(bulk.finish().await.unwrap(), 5);
}

#[tokio::test]
async fn a_command_that_is_given_again_and_not_refused_ends_the_load_as_a_fault_of_the_program() {
    let office = Office::open().await;
    let process = office.process().await;
    let bulk = load(&office, &process, 100).await;
    carry_out(&bulk, 50, &found()).await;
    carry_out(&bulk, 51, &create(1)).await;
    carry_out(&bulk, 52, &block(1, "late")).await;
    carry_out(&bulk, 53, &unblock(1)).await;
    carry_out(&bulk, 52, &block(1, "late")).await;
    assert!(matches!(why(bulk.finish().await), AppendError::Malformed(_)));
    assert_eq!(owners(&office).await.len(), 3);
}

#[tokio::test]
async fn what_occurred_before_the_last_is_told_from_what_did_not() {
    let office = Office::open().await;
    let process = office.process().await;
    let bulk = load(&office, &process, 100).await;
    carry_out(&bulk, 50, &found()).await;
    carry_out(&bulk, 51, &create(1)).await;
    let on = |day, id| Invocation {
        occurred_at: june(day, 20),
        ..to_neighbours(id)
    };
    bulk.carry_out(&on(5, 52), &block(1, "late")).await.unwrap();
    bulk.carry_out(&on(3, 53), &update(1, "Drip")).await.unwrap();
    let before = bulk
        .load_before::<Vendor>(NEIGHBOURS, vendor_id(1), june(4, 20))
        .await
        .unwrap();
    let asked = process
        .load_before::<Vendor>(NEIGHBOURS, vendor_id(1), june(4, 20))
        .await
        .unwrap();
    assert_eq!(before, asked);
    let now = bulk.load::<Vendor>(NEIGHBOURS, vendor_id(1)).await.unwrap();
    assert_ne!(before, now.state, "it is blocked only later");
}

#[tokio::test]
async fn commands_are_refused_as_ever_and_leave_nothing() {
    let office = Office::open().await;
    let process = office.process().await;
    let bulk = load(&office, &process, 100).await;
    let unfounded = bulk.carry_out(&to_neighbours(49), &create(1)).await;
    assert_eq!(refused(unfounded), "organization-absent");
    carry_out(&bulk, 50, &found()).await;
    carry_out(&bulk, 51, &create(1)).await;
    carry_out(&bulk, 52, &block(1, "late")).await;
    let twice = bulk.carry_out(&to_neighbours(53), &block(1, "late")).await;
    assert_eq!(refused(twice), "vendor-blocked");
    let begun_twice = bulk.carry_out(&to_neighbours(54), &create(1)).await;
    assert_eq!(refused(begun_twice), "vendor-exists");
    carry_out(&bulk, 55, &unblock(1)).await;
    assert_eq!(bulk.finish().await.unwrap(), 6);

    let vendor = process.load::<Vendor>(NEIGHBOURS, vendor_id(1)).await.unwrap();
    assert_eq!(vendor.sequence, 3);
}

#[tokio::test]
async fn what_is_at_rest_is_read_back_when_it_is_asked_for() {
    let office = Office::open().await;
    let process = office.process().await;
    let bulk = load(&office, &process, 1).await;
    carry_out(&bulk, 50, &found()).await;
    let id = ClaimId(Uuid::from_u128(70));
    let make = |holder| {
        let (scope, holder) = ("test".to_owned(), Uuid::from_u128(holder));
        OnStream::<Claim>::of(id, ClaimCommand::Make { scope, holder })
    };
    carry_out(&bulk, 51, &make(1)).await;
    for n in 0..10 {
        carry_out(&bulk, 60 + n, &create(n)).await;
    }
    assert_eq!(
        refused(bulk.carry_out(&to_neighbours(52), &make(2)).await),
        "claim-taken"
    );
    let holder = Uuid::from_u128(1);
    let release = OnStream::<Claim>::of(id, ClaimCommand::Release { holder });
    carry_out(&bulk, 53, &release).await;
    carry_out(&bulk, 54, &make(2)).await;
    let claim = bulk.load::<Claim>(NEIGHBOURS, id).await.unwrap();
    assert_eq!((claim.sequence, claim.state.holder()), (3, Some(Uuid::from_u128(2))));
    bulk.finish().await.unwrap();
    let claim = process.load::<Claim>(NEIGHBOURS, id).await.unwrap();
    assert_eq!((claim.sequence, claim.state.holder()), (3, Some(Uuid::from_u128(2))));
}

#[tokio::test]
async fn an_aggregate_is_known_as_it_was_before_an_instant() {
    let office = Office::open().await;
    let process = office.process().await;
    let bulk = load(&office, &process, 100).await;
    carry_out(&bulk, 50, &found()).await;
    carry_out(&bulk, 51, &create(1)).await;
    let later = Invocation {
        occurred_at: june(2, 20),
        ..to_neighbours(52)
    };
    bulk.carry_out(&later, &block(1, "late")).await.unwrap();
    let states = [june(1, 20), june(2, 20), june(2, 21)].map(|instant| (instant, &bulk));
    let mut blocked = Vec::new();
    for (instant, bulk) in states {
        let loaded = bulk
            .load_before::<Vendor>(NEIGHBOURS, vendor_id(1), instant)
            .await
            .unwrap();
        blocked.push(serde_json::to_value(&*loaded).unwrap());
        let asked = process
            .load_before::<Vendor>(NEIGHBOURS, vendor_id(1), instant)
            .await
            .unwrap();
        assert_eq!(loaded, asked, "{instant}");
    }
    assert!(blocked[0] != blocked[1] && blocked[1] != blocked[2], "{blocked:?}");
    let absent = bulk
        .load_before::<Vendor>(NEIGHBOURS, vendor_id(2), june(3, 1))
        .await
        .unwrap();
    assert_eq!(*absent, Vendor::default());
}

#[tokio::test]
async fn a_load_is_of_one_organization() {
    let office = Office::open().await;
    let process = office.process().await;
    let bulk = load(&office, &process, 100).await;
    let loaded = bulk.load::<Vendor>(OURS, vendor_id(1)).await;
    assert!(matches!(loaded, Err(ReadError::OtherOrganization(OURS))));
    assert!(bulk.carry_out(&given(50), &create(1)).await.is_err());
    assert_eq!(bulk.finish().await.unwrap(), 0);
}
