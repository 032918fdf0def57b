//! What a batch changes is looked for by its key.

use super::*;

/// As many entries of a kind, which no statistics tell of.
const GROWN: i32 = 20_000;

/// How many rows the key's index gave, of late.
async fn given(desk: &mut Desk) -> i64 {
    sqlx::query_scalar("SELECT pg_stat_get_xact_tuples_returned('directory_v2.entries_pkey'::regclass)")
        .fetch_one(&mut desk.connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_batch_finds_its_entries_by_their_key_under_a_plan_that_was_made_when_there_were_none() {
    let mut desk = Desk::with(&[]).await;
    // As a projector's transaction sets it.
    sqlx::raw_sql(
        "SET plan_cache_mode = force_generic_plan; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off;
         SET enable_sort = off; SET enable_bitmapscan = off",
    )
    .execute(&mut desk.connection)
    .await
    .unwrap();
    desk.apply(&facts(history())).await.unwrap();
    sqlx::query(
        "INSERT INTO directory_v2.entries
         SELECT tenant_id, kind, gen_random_uuid(), version, sort, facets, document
           FROM directory_v2.entries, generate_series(1, $1) WHERE id = $2",
    )
    .bind(GROWN)
    .bind(unit_id(1).0)
    .execute(&mut desk.connection)
    .await
    .unwrap();
    let before = given(&mut desk).await;
    let occupied = AnyEvent::Unit(UnitEvent::Occupied { lease: LEASE });
    desk.apply(&facts(vec![(unit_id(1).0, occupied)])).await.unwrap();
    let given = given(&mut desk).await - before;
    assert!((2..5).contains(&given), "{given} rows to read and write one entry");
}
