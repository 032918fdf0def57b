//! Lists are read off their indexes, which follow what changes.

use domain::{ids::VendorId, vendor::VendorEvent};
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

/// What a database might take for something else.
const ODD: &str = r#"a "b" \c, {d}"#;
const VENDOR: VendorId = VendorId(Uuid::from_u128(40));

fn known_for(trades: &[&str]) -> (Personal<String>, Personal<Contact>, Vec<String>) {
    let trades = trades.iter().map(|trade| (*trade).to_owned());
    (
        Personal::of(VENDOR, "Drip & Sons".to_owned()),
        Personal::of(VENDOR, Contact::default()),
        trades.collect(),
    )
}

/// Whether the vendor is in the list of a trade, and among the active of that trade.
async fn is_listed(desk: &mut Desk, trade: &str) -> (bool, bool) {
    let of_trade = Listing::of(5).with("trade", trade);
    let active = Listing::of(5).with("status", "active").with("trade", trade);
    let mut listed = [false; 2];
    for (listed, listing) in listed.iter_mut().zip([of_trade, active]) {
        let page = list::<Vendor>(&mut desk.connection, MAPLE, &listing).await.unwrap();
        *listed = page.entries.iter().any(|entry| entry.id == VENDOR.0);
    }
    listed.into()
}

#[tokio::test]
async fn whatever_the_words_a_thing_is_listed_by_them_as_long_as_they_are_true() {
    let (name, contact, trades) = known_for(&[ODD, "hvac"]);
    let created = AnyEvent::Vendor(VendorEvent::Created {
        name,
        contact,
        trades,
        insured_through: None,
    });
    let mut desk = Desk::with(&facts(vec![(VENDOR.0, created)])).await;
    assert_eq!(is_listed(&mut desk, ODD).await, (true, true));

    let (name, contact, trades) = known_for(&["hvac", "roofs"]);
    let updated = AnyEvent::Vendor(VendorEvent::Updated {
        name,
        contact,
        trades,
        insured_through: None,
    });
    desk.apply(&facts(vec![(VENDOR.0, updated)])).await.unwrap();
    assert_eq!(is_listed(&mut desk, ODD).await, (false, false));
    assert_eq!(is_listed(&mut desk, "hvac").await, (true, true));
    assert_eq!(is_listed(&mut desk, "roofs").await, (true, true));
}
