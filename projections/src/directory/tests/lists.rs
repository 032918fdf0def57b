//! Lists are read off their indexes.

use sqlx::Execute as _;

use super::*;
use crate::directory::queries::page_query;

fn somewhere() -> Place {
    Place {
        sort: "m".into(),
        id: MAPLE,
    }
}

/// How the database reads a page if it may not sort, nor read whole tables: with a sort only where no index has the order.
async fn plan<D: Document>(desk: &mut Desk, listing: &Listing) -> String {
    let mut query = page_query::<D>(MAPLE, listing);
    let explain = format!("EXPLAIN {}", query.sql());
    let arguments = query.build().take_arguments().unwrap().unwrap();
    let lines: Vec<String> = sqlx::query_scalar_with(&explain, arguments)
        .fetch_all(&mut desk.connection)
        .await
        .unwrap();
    lines.join("\n")
}

#[tokio::test]
async fn every_page_of_every_list_comes_off_an_index_in_its_order() {
    let mut desk = Desk::with(&facts(history())).await;
    sqlx::raw_sql("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off")
        .execute(&mut desk.connection)
        .await
        .unwrap();
    let of_court = || Listing::of(20).with("property", COURT);
    let listings = [
        Listing::of(20),
        Listing::of(20).after(Some(somewhere())),
        Listing::of(20).until("2026-06-01"),
        of_court(),
        of_court().after(Some(somewhere())),
        of_court()
            .with("status", "active")
            .after(Some(somewhere()))
            .until("2026-06-01"),
    ];
    for listing in listings {
        for plan in [
            plan::<Unit>(&mut desk, &listing).await,
            plan::<Lease>(&mut desk, &listing).await,
        ] {
            assert!(!plan.contains("Sort"), "{listing:?}\n{plan}");
            assert!(!plan.contains("Seq Scan"), "{listing:?}\n{plan}");
        }
    }
}

#[tokio::test]
async fn the_newest_stand_first_where_a_list_says_so() {
    let mut desk = Desk::with(&facts(history())).await;
    let listing = Listing::of(10).with("lease", LEASE);
    let charges = list::<Charge>(&mut desk.connection, MAPLE, &listing).await.unwrap();
    let due: Vec<String> = charges
        .entries
        .iter()
        .map(|charge| charge.document.due_on.to_string())
        .collect();
    assert_eq!(due, ["2026-05-01", "2026-06-01"]);
    let first = Listing::of(1);
    let newest = list::<Lease>(&mut desk.connection, MAPLE, &first).await.unwrap();
    assert_eq!(newest.entries[0].id, LEASE.0);
}
