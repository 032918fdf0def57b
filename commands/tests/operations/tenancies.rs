//! What a lease's steps write: to itself, its unit and its residents.

use crate::support::{Office, usd};
use chrono::NaiveDate;
use commands::handlers::{
    ActivateLease, AmendLease, DraftLease, EndLease, GiveNotice, OnStream, RenewLease, RollOverLease, SettleLease,
    SignLease, TakeOverLease, VoidLease,
};
use domain::{
    ids::{LeaseId, ResidentId, UnitId},
    lease::{Lease, LeaseCommand, Renewal, Status, Terms},
    resident::{Resident, ResidentCommand},
    span::Span,
};

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn terms(resident: ResidentId, term: Span) -> Terms {
    Terms {
        residents: vec![resident],
        term,
        rent: usd(100_000),
        rent_tax: None,
        due_day: 1,
    }
}

/// A lease of a unit, drafted.
pub async fn drafted(office: &Office, unit: UnitId, terms: Terms) -> LeaseId {
    let receipt = office.give(&DraftLease { unit, terms }).await;
    LeaseId(receipt.written[0].aggregate_id)
}

/// The same, signed on the first of June.
pub async fn signed(office: &Office, unit: UnitId, terms: Terms) -> LeaseId {
    let lease = drafted(office, unit, terms).await;
    let on = day("2026-06-01");
    office.give(&SignLease { lease, on }).await;
    lease
}

fn year() -> Span {
    Span::new(day("2026-06-01"), day("2027-06-01"))
}

async fn home(office: &Office) -> (UnitId, ResidentId) {
    let property = office.property(10).await;
    (office.unit(property, 20).await, office.resident(30).await)
}

#[tokio::test]
async fn each_step_writes_the_lease_its_unit_and_its_residents_at_once() {
    let office = Office::new().await;
    let (unit, resident) = home(&office).await;
    let lease = drafted(&office, unit, terms(resident, year())).await;
    let first = day("2026-06-01");

    let longer = Span::new(day("2026-06-01"), day("2027-07-01"));
    let amend = AmendLease {
        lease,
        terms: terms(resident, longer),
    };
    assert_eq!(Office::written(&office.give(&amend).await), ["lease.amended"]);
    let sign = SignLease { lease, on: first };
    assert_eq!(
        Office::written(&office.give(&sign).await),
        ["lease.signed", "unit.leased"]
    );
    let activate = ActivateLease { lease, on: first };
    assert_eq!(
        Office::written(&office.give(&activate).await),
        [
            "lease.activated",
            "lease.charge_posted",
            "unit.occupied",
            "tenant.moved_in"
        ]
    );
    let renewal = Renewal {
        from: day("2027-07-01"),
        to: Some(day("2028-07-01")),
        rent: usd(110_000),
        rent_tax: None,
    };
    let renew = RenewLease { lease, renewal };
    assert_eq!(
        Office::written(&office.give(&renew).await),
        ["lease.renewed", "unit.leased"]
    );
    assert_eq!(office.refused(&RollOverLease { lease }).await, "lease-term-not-over");
    let notice = GiveNotice {
        lease,
        given_on: first,
        ends: day("2026-07-01"),
    };
    assert_eq!(
        Office::written(&office.give(&notice).await),
        ["lease.notice_given", "unit.leased", "tenant.notice_given"]
    );
    let end = EndLease {
        lease,
        on: day("2026-06-02"),
    };
    assert_eq!(
        Office::written(&office.give(&end).await),
        [
            "lease.charge_waived",
            "lease.ended",
            "unit.leased",
            "unit.vacated",
            "tenant.moved_out"
        ]
    );
    assert_eq!(office.refused(&SettleLease { lease }).await, "lease-balance-open");
    let charge = office
        .state::<Lease>(lease)
        .await
        .account()
        .charges()
        .next()
        .unwrap()
        .id;
    let waive = LeaseCommand::Waive {
        charge,
        amount: None,
        reason: "one night".into(),
    };
    office.give(&OnStream::<Lease>::of(lease, waive)).await;
    assert_eq!(
        Office::written(&office.give(&SettleLease { lease }).await),
        ["lease.settled"]
    );
}

#[tokio::test]
async fn a_lease_that_never_began_is_voided_and_gives_its_days_back() {
    let office = Office::new().await;
    let (unit, resident) = home(&office).await;
    let lease = signed(&office, unit, terms(resident, year())).await;
    let other = drafted(&office, unit, terms(resident, year())).await;
    let on = day("2026-06-01");
    assert_eq!(office.refused(&SignLease { lease: other, on }).await, "unit-leased");
    let reason = "found another".to_owned();
    let void = VoidLease { lease, reason };
    assert_eq!(
        Office::written(&office.give(&void).await),
        ["lease.voided", "unit.released"]
    );
    office.give(&SignLease { lease: other, on }).await;
}

#[tokio::test]
async fn a_lease_taken_over_is_in_force_at_once() {
    let office = Office::new().await;
    let (unit, resident) = home(&office).await;
    let take_over = TakeOverLease {
        unit,
        terms: terms(resident, Span::new(day("2024-06-01"), day("2025-06-01"))),
        moved_in: day("2024-06-01"),
        notice: None,
        balance: usd(-5_000),
        due_on: None,
    };
    let receipt = office.give(&take_over).await;
    assert_eq!(
        Office::written(&receipt),
        [
            "lease.created",
            "lease.signed",
            "lease.activated",
            "lease.rolled_over",
            "lease.opened",
            "unit.leased",
            "unit.occupied",
            "tenant.moved_in"
        ]
    );
    let lease = office.state::<Lease>(LeaseId(receipt.written[0].aggregate_id)).await;
    assert_eq!(lease.contract().unwrap().status, Status::MonthToMonth);
    assert_eq!(lease.account().balance(), -5_000);
}

#[tokio::test]
async fn what_does_not_exist_is_not_leased() {
    let office = Office::new().await;
    let (unit, resident) = home(&office).await;
    let draft = |unit, resident| DraftLease {
        unit,
        terms: terms(resident, year()),
    };
    let nobody = ResidentId(uuid::Uuid::from_u128(404));
    let nowhere = UnitId(uuid::Uuid::from_u128(404));
    assert_eq!(office.refused(&draft(nowhere, resident)).await, "unit-absent");
    assert_eq!(office.refused(&draft(unit, nobody)).await, "resident-absent");
    let lease = signed(&office, unit, terms(resident, year())).await;
    let reason = "asked".to_owned();
    office
        .give(&OnStream::<Resident>::of(resident, ResidentCommand::Erase { reason }))
        .await;
    let on = day("2026-06-01");
    assert_eq!(office.refused(&ActivateLease { lease, on }).await, "resident-erased");
}
