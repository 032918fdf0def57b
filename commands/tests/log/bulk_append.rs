//! What `bulk_append` refuses, whoever calls it.

use sqlx::{Connection, Executor, PgConnection};

use crate::{
    bulk::owners,
    office::Office,
    support::{NEIGHBOURS, code},
};

const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// Calls the function by hand with some numbers of events, in a transaction that begins so.
async fn call(owner: &mut PgConnection, begin: &str, place: (i32, i64), numbers: &[i64]) -> Result<i64, sqlx::Error> {
    call_with(owner, begin, place, numbers, "").await
}

/// The same, with something done to the events before.
async fn call_with(
    owner: &mut PgConnection,
    begin: &str,
    (epoch, behind): (i32, i64),
    numbers: &[i64],
    spoil: &str,
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
    transaction.execute(spoil).await?;
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
async fn an_event_that_the_log_could_not_keep_is_refused() {
    let office = Office::open().await;
    let mut owner = office.database.owner().await;
    for spoil in [
        "sequence = 0",
        "command_index = -1",
        "event_version = 0",
        "command_hash = '\\x07'",
        "payload = to_json(repeat('x', 524288))",
    ] {
        let spoil = format!("UPDATE bulk_events SET {spoil} WHERE number = 2");
        let refused = call_with(&mut owner, "BEGIN", (1, 0), &[1, 2], &spoil).await;
        assert_eq!(code(&refused.unwrap_err()), "PO001", "{spoil}");
    }
    assert_eq!(owners(&office).await.len(), 3);
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
