//! Bulk loads: they are alone, they are whole, and they let nobody else into the log.

use commands::{
    execute::{Bulk, BulkError, CarryOut, Command, Commands, ExecuteError, Invocation},
    handlers::{FoundOrganization, OnStream},
    log::ReadError,
};
use domain::{
    Refuse,
    claim::{Claim, ClaimCommand},
    ids::ClaimId,
    money::Currency,
    settings::Settings,
    vendor::Vendor,
};
use sqlx::{Connection, Executor, PgConnection, Row};
use uuid::Uuid;

use crate::{
    office::{Office, block, create, given, june, unblock, update, vendor_id},
    support::{NEIGHBOURS, OURS, code},
};

const INSUFFICIENT_PRIVILEGE: &str = "42501";

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
async fn owners(office: &Office) -> Vec<Uuid> {
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
fn why(ended: Result<u64, BulkError>) -> String {
    match ended {
        Err(BulkError::Write(error)) => code(&error),
        other => panic!("not a refusal of the database: {other:?}"),
    }
}

#[tokio::test]
async fn a_load_writes_nothing_more_once_others_write_to_its_organization() {
    let office = Office::open().await;
    let process = office.process().await;
    let bulk = load(&office, &process, 100).await;
    carry_out(&bulk, 50, &found()).await;
    process.execute(&to_neighbours(90), &found()).await.unwrap();
    assert_eq!(why(bulk.finish().await), "PO003");
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
    assert_eq!(why(bulk.finish().await), "PO003");
    assert_eq!(owners(&office).await.len(), 8);
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

/// Calls the function by hand with some numbers of events, in a transaction that begins so.
async fn call(
    owner: &mut PgConnection,
    begin: &str,
    (epoch, behind): (i32, i64),
    numbers: &[i64],
) -> Result<i64, sqlx::Error> {
    owner
        .execute(
            "DROP TABLE IF EXISTS pg_temp.bulk_events;
             CREATE TEMPORARY TABLE bulk_events AS SELECT 0::bigint AS number, ''::text AS aggregate_type, gen_random_uuid() AS aggregate_id,
                    1::bigint AS sequence, ''::text AS event_type, 1 AS event_version, '{}'::json AS payload, '{}'::json AS metadata,
                    gen_random_uuid() AS event_id, gen_random_uuid() AS command_id, 0 AS command_index, ''::bytea AS command_hash LIMIT 0;
             GRANT SELECT ON bulk_events TO propertyos_append",
        )
        .await?;
    let mut transaction = owner.begin_with(begin.to_owned()).await?;
    sqlx::query(
        "INSERT INTO bulk_events SELECT n, 'vendor', gen_random_uuid(), 1, 'vendor.unblocked', 1, '{}', '{}',
                gen_random_uuid(), gen_random_uuid(), 0, decode(repeat('07', 32), 'hex') FROM unnest($1) n",
    )
    .bind(numbers)
    .execute(&mut *transaction)
    .await?;
    let last = sqlx::query_scalar("SELECT bulk_append($1, $2, $3, '{}', '{}')")
        .bind(epoch)
        .bind(NEIGHBOURS.0)
        .bind(behind)
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(last)
}

#[tokio::test]
async fn a_batch_that_is_not_as_it_must_be_is_refused_as_a_whole() {
    let office = Office::open().await;
    let mut owner = office.database.owner().await;
    for (begin, place, numbers, refused) in [
        ("BEGIN ISOLATION LEVEL REPEATABLE READ", (1, 0), &[1][..], "PO001"),
        ("BEGIN", (1, 0), &[], "PO001"),
        ("BEGIN", (1, 0), &[2], "PO001"),
        ("BEGIN", (1, 0), &[1, 3], "PO001"),
        ("BEGIN", (1, 0), &[0, 1], "23505"),
        ("BEGIN", (1, 0), &[1, 1], "23505"),
        ("BEGIN", (2, 0), &[1], "PO002"),
        // There is no event of theirs; there is one, and it is another's; it isn't there.
        ("BEGIN", (1, 1), &[1], "PO003"),
        ("BEGIN", (1, 9), &[1], "PO003"),
    ] {
        let error = call(&mut owner, begin, place, numbers).await.unwrap_err();
        assert_eq!(code(&error), refused, "{begin} {place:?} {numbers:?}: {error}");
    }
    assert_eq!(owners(&office).await.len(), 3);
    assert_eq!(call(&mut owner, "BEGIN", (1, 0), &[2, 1]).await.unwrap(), 5);
    for behind in [0, 3, 4, 6] {
        let error = call(&mut owner, "BEGIN", (1, behind), &[1]).await.unwrap_err();
        assert_eq!(code(&error), "PO003", "{behind}: {error}");
    }
    assert_eq!(call(&mut owner, "BEGIN", (1, 5), &[1]).await.unwrap(), 6);
}

#[tokio::test]
async fn only_the_owner_may_load() {
    let office = Office::open().await;
    for role in ["propertyos_app", "propertyos_stream"] {
        let mut connection = PgConnection::connect(&office.database.url(role)).await.unwrap();
        let loaded = connection
            .execute("SELECT bulk_append(1, gen_random_uuid(), 0, '{}', '{}')")
            .await;
        assert_eq!(code(&loaded.unwrap_err()), INSUFFICIENT_PRIVILEGE, "{role}");
    }
}
