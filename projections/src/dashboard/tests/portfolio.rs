//! Occupancy, rents and what is owed.

use std::sync::Arc;

use domain::{
    lease::{ChargeKind, LeaseEvent},
    registry::AnyEvent,
    unit::UnitEvent,
};
use streams::Fact;

use super::{
    super::queries::{Month, Portfolio},
    ADA, COURT, Desk, OAK, applied, charge, lease, lease_created, numbered, of_lease, on, posted, unit, unit_created,
    usd,
};

/// Two properties with three units. Lease 1 pays, lease 2 doesn't.
pub(super) fn history() -> Vec<Arc<Fact>> {
    let activated = |day: &str| LeaseEvent::Activated {
        on: on(day),
        charged_from: on(day),
    };
    let rent = ChargeKind::Rent;
    let events = [
        ("2026-01-01", unit_created(1, COURT, 100_000)),
        ("2026-01-01", unit_created(2, COURT, 120_000)),
        ("2026-01-01", unit_created(3, OAK, 90_000)),
        ("2026-01-01", lease_created(1, COURT, 95_000)),
        ("2026-01-01", lease_created(3, OAK, 88_000)),
        ("2026-01-01", of_lease(1, activated("2026-01-01"))),
        ("2026-01-10", of_lease(3, activated("2026-01-10"))),
        ("2026-02-01", of_lease(1, posted(1, rent, 95_000, "2026-02-01"))),
        ("2026-02-01", of_lease(3, posted(2, rent, 88_000, "2026-02-01"))),
        ("2026-02-03", of_lease(1, applied(1, rent, 95_000))),
        ("2026-03-01", of_lease(1, posted(3, rent, 95_000, "2026-03-01"))),
        ("2026-03-01", of_lease(3, posted(4, rent, 88_000, "2026-03-01"))),
        (
            "2026-03-01",
            of_lease(1, posted(5, ChargeKind::Parking, 5_000, "2026-03-01")),
        ),
        ("2026-03-02", of_lease(1, applied(3, rent, 60_000))),
        (
            "2026-03-02",
            of_lease(
                1,
                LeaseEvent::ChargeWaived {
                    charge: charge(5),
                    kind: ChargeKind::Parking,
                    amount: usd(5_000),
                    tax: None,
                    reason: String::new(),
                    on: on("2026-03-02"),
                },
            ),
        ),
        (
            "2026-03-03",
            (
                unit(2).0,
                AnyEvent::Unit(UnitEvent::TakenOffline { reason: String::new() }),
            ),
        ),
        (
            "2026-03-04",
            of_lease(
                1,
                LeaseEvent::RentChanged {
                    rent: usd(99_000),
                    rent_tax: None,
                    from: on("2026-05-01"),
                },
            ),
        ),
        ("2026-04-15", of_lease(3, LeaseEvent::Ended { on: on("2026-04-15") })),
    ];
    numbered(events)
}

#[tokio::test]
async fn occupancy_and_rents_are_those_of_the_date() {
    let mut desk = Desk::with(&history()).await;
    let portfolio = |units, rentable, occupied, market_rent, contract_rent| Portfolio {
        units,
        rentable,
        occupied,
        market_rent,
        contract_rent,
    };
    for (today, expected) in [
        ("2025-12-31", portfolio(0, 0, 0, 0, 0)),
        ("2026-01-09", portfolio(3, 3, 1, 310_000, 95_000)),
        ("2026-01-10", portfolio(3, 3, 2, 310_000, 183_000)),
        ("2026-03-02", portfolio(3, 3, 2, 310_000, 183_000)),
        ("2026-03-03", portfolio(3, 2, 2, 190_000, 183_000)),
        ("2026-04-14", portfolio(3, 2, 2, 190_000, 183_000)),
        ("2026-04-15", portfolio(3, 2, 1, 190_000, 95_000)),
        ("2026-05-01", portfolio(3, 2, 1, 190_000, 99_000)),
    ] {
        assert_eq!(desk.on(today, None).await.portfolio, expected, "{today}");
    }
    assert_eq!(
        desk.on("2026-03-03", Some(COURT)).await.portfolio,
        portfolio(2, 1, 1, 100_000, 95_000)
    );
}

#[tokio::test]
async fn a_month_says_what_was_charged_collected_and_is_late() {
    let mut desk = Desk::with(&history()).await;
    let month = |month, charged, collected, rent_collected, delinquent| Month {
        month: on(month),
        charged,
        collected,
        rent_collected,
        delinquent,
    };
    assert_eq!(
        desk.on("2026-03-01", None).await.months,
        [
            month("2026-02-01", 183_000, 95_000, 95_000, 88_000),
            month("2026-03-01", 183_000, 60_000, 60_000, 0),
        ],
        "what is due today isn't late yet"
    );
    let answer = desk.on("2026-03-02", None).await;
    assert_eq!(answer.months[1], month("2026-03-01", 183_000, 60_000, 60_000, 123_000));
    assert_eq!((answer.late_leases, answer.past_due), (2, 211_000));
    assert_eq!(
        answer
            .late
            .iter()
            .map(|late| (late.lease_id, late.amount, late.oldest))
            .collect::<Vec<_>>(),
        [
            (lease(3).0, 176_000, on("2026-02-01")),
            (lease(1).0, 35_000, on("2026-03-01"))
        ]
    );
    assert_eq!(answer.late[0].residents, [ADA.0]);
    let oak = desk.on("2026-03-02", Some(OAK)).await;
    assert_eq!((oak.late_leases, oak.past_due, oak.months.len()), (1, 176_000, 2));
}
