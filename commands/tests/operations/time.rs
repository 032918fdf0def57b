//! Ticks: once, twice, at once, cut into days.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::America::New_York;
use commands::{
    handlers::{OnStream, SubmitRequest, TakeOverLease},
    tick::tick,
};
use domain::{
    clock::{Clock, Phase, Progress},
    ids::{ClockId, LeaseId, RequestId, UserId, VendorId},
    lease::{ChargeKind, Lease, LeaseCommand, ManualCharge, NewRecurring, Status},
    maintenance_request::{Priority, Report},
    personal::Contact,
    resident::{Resident, ResidentCommand},
    span::{Span, days_after},
    unit::Unit,
    vendor::{Vendor, VendorCommand, VendorProfile},
};
use uuid::Uuid;

use crate::{
    support::{Office, noon, usd},
    tenancies::{day, signed, terms},
};

const KEEPER: UserId = UserId(Uuid::from_u128(8));

async fn ticks(office: &Office, until: Progress) -> usize {
    tick(&office.commands, office.organization, KEEPER, until)
        .await
        .unwrap()
}

fn end(text: &str) -> Progress {
    Progress::end_of(day(text), New_York)
}

/// What happened to each thing but the clock, in order.
async fn histories(office: &Office) -> BTreeMap<Uuid, Vec<(String, String)>> {
    let mut histories: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for event in office.log().await {
        if event.event_type != "clock.advanced" && !event.payload.contains("$personal") {
            let history = histories.entry(event.aggregate_id).or_default();
            history.push((event.event_type, event.payload));
        }
    }
    histories
}

/// Two leases of one unit one after the other, one that rolls over with a garage, one taken over on notice, a request that
/// nobody answers and a vendor whose insurance runs out. Nobody pays.
async fn portfolio() -> Office {
    let office = Office::new().await;
    let property = office.property(10).await;
    let (first, second, third) = (
        office.unit(property, 21).await,
        office.unit(property, 22).await,
        office.unit(property, 23).await,
    );
    let (ada, ben, eve) = (
        office.resident(31).await,
        office.resident(32).await,
        office.resident(33).await,
    );
    let span = |from, to| Span::new(day(from), day(to));
    signed(&office, first, terms(ada, span("2026-06-02", "2026-08-01"))).await;
    signed(&office, first, terms(ben, span("2026-08-01", "2027-08-01"))).await;
    let rolls = signed(&office, second, terms(eve, span("2026-06-10", "2026-07-15"))).await;
    let garage = NewRecurring {
        kind: ChargeKind::Parking,
        description: "Garage 4".into(),
        amount: usd(5_000),
        tax: None,
        from: day("2026-06-10"),
    };
    let add = LeaseCommand::AddRecurring(garage);
    office.give(&OnStream::<Lease>::of(rolls, add)).await;
    let leaving = TakeOverLease {
        unit: third,
        terms: terms(ada, span("2025-06-01", "2026-06-01")),
        moved_in: day("2025-06-01"),
        notice: Some(day("2026-07-20")),
        balance: usd(30_000),
        due_on: None,
    };
    office.give(&leaving).await;
    let report = Report {
        property,
        unit: Some(second),
        resident: None,
        category: "plumbing".into(),
        priority: Priority::Urgent,
        summary: "The tap drips".into(),
        description: "Since Sunday.".into(),
        permission_to_enter: true,
    };
    let request = RequestId(Uuid::from_u128(41));
    office.give(&SubmitRequest { request, report }).await;
    let vendor = VendorId(Uuid::from_u128(51));
    let profile = VendorProfile {
        name: "Drip & Sons".into(),
        contact: Contact::default(),
        trades: vec![],
        insured_through: Some(day("2026-06-20")),
    };
    let create = VendorCommand::Create { vendor, profile };
    office.give(&OnStream::<Vendor>::begin(vendor, create)).await;
    office
}

fn count(histories: &BTreeMap<Uuid, Vec<(String, String)>>, event_type: &str) -> usize {
    histories
        .values()
        .flatten()
        .filter(|(name, _)| name == event_type)
        .count()
}

#[tokio::test]
async fn a_tick_decides_what_its_days_bring_and_the_same_again_nothing() {
    let office = portfolio().await;
    let before = histories(&office).await.values().flatten().count();
    let items = ticks(&office, end("2026-09-10")).await;
    let after = histories(&office).await;
    for (event_type, times) in [
        ("lease.activated", 4),
        ("lease.ended", 2),
        ("lease.rolled_over", 1),
        ("unit.vacated", 2),
        ("tenant.moved_in", 4),
        ("tenant.moved_out", 2),
        // Ada: two parts; Ben: two months; Eve: part, part, the rest of July, two months; the one who leaves: part of July.
        ("lease.charge_posted", 2 + 2 + 5 + 5 + 1),
        ("request.sla_breached", 2),
        ("vendor.insurance_expired", 1),
    ] {
        assert_eq!(count(&after, event_type), times, "{event_type}");
    }
    assert!(items > 0 && after.values().flatten().count() > before + items);
    let clock = office.state::<Clock>(ClockId::from(office.organization)).await;
    assert!(!clock.is_before(&end("2026-09-10")));
    let log = office.log().await;
    assert_eq!(ticks(&office, end("2026-09-10")).await, 0);
    assert_eq!(ticks(&office, end("2026-09-09")).await, 0);
    assert_eq!(office.log().await, log);
}

#[tokio::test]
async fn ticking_day_by_day_writes_what_ticking_at_once_does() {
    let (daily, at_once) = (portfolio().await, portfolio().await);
    let last = days_after(day("2026-06-01"), 75);
    let mut today = day("2026-06-01");
    let mut noons = noon();
    while today <= last {
        ticks(&daily, Progress::at(noons, New_York)).await;
        ticks(&daily, Progress::end_of(today, New_York)).await;
        today = days_after(today, 1);
        noons += TimeDelta::days(1);
    }
    ticks(&at_once, Progress::end_of(last, New_York)).await;
    assert_eq!(histories(&daily).await, histories(&at_once).await);
}

#[tokio::test]
async fn two_ticks_at_the_same_time_write_each_item_once() {
    let (raced, alone) = (portfolio().await, portfolio().await);
    let until = end("2026-08-15");
    let tick = || tick(&raced.commands, raced.organization, KEEPER, until);
    let (one, other) = futures::join!(tick(), tick());
    one.unwrap();
    other.unwrap();
    ticks(&alone, until).await;
    assert_eq!(histories(&raced).await, histories(&alone).await);
    let advanced = raced.log().await;
    let advanced = advanced.iter().filter(|event| event.event_type == "clock.advanced");
    assert_eq!(advanced.count(), 1);
}

#[tokio::test]
async fn an_item_that_is_refused_holds_nothing_else_up_and_is_asked_again() {
    let office = Office::new().await;
    let property = office.property(10).await;
    let (first, second) = (office.unit(property, 21).await, office.unit(property, 22).await);
    let (ada, ben) = (office.resident(31).await, office.resident(32).await);
    let span = Span::new(day("2026-06-02"), day("2027-06-02"));
    let stuck = signed(&office, first, terms(ada, span)).await;
    let fine = signed(&office, second, terms(ben, span)).await;
    let reason = "asked".to_owned();
    office
        .give(&OnStream::<Resident>::of(ada, ResidentCommand::Erase { reason }))
        .await;
    ticks(&office, end("2026-07-01")).await;
    let status = async |lease: LeaseId| office.state::<Lease>(lease).await.contract().unwrap().status;
    assert_eq!(status(stuck).await, Status::Signed);
    assert_eq!(status(fine).await, Status::Active);
    assert_eq!(office.state::<Unit>(first).await.occupied_by(), None);
    let clock = office.state::<Clock>(ClockId::from(office.organization)).await;
    assert!(!clock.is_before(&end("2026-07-01")));
}

#[tokio::test]
async fn a_day_that_is_over_is_not_decided_again_for_what_comes_late() {
    let office = portfolio().await;
    ticks(&office, end("2026-06-20")).await;
    let late = office
        .commands
        .load_every::<Lease>(office.organization)
        .await
        .unwrap()
        .into_iter()
        .find(|(_, lease)| lease.contract().unwrap().status == Status::OnNotice);
    let (lease, _) = late.unwrap();
    let charge = ManualCharge {
        kind: ChargeKind::Rent,
        description: "Rent that was forgotten".into(),
        amount: usd(70_000),
        tax: None,
        due_on: day("2026-06-01"),
        period: None,
    };
    office
        .give(&OnStream::<Lease>::of(lease, LeaseCommand::Charge(charge)))
        .await;
    ticks(&office, end("2026-06-30")).await;
    let lease = office.state::<Lease>(lease).await;
    assert!(lease.account().charges().all(|charge| charge.late_fee.is_none()));
}

#[tokio::test]
async fn a_day_has_begun_before_it_is_over() {
    let office = portfolio().await;
    let begun = Progress::at(noon() + TimeDelta::days(5), New_York);
    assert_eq!((begun.day, begun.phase), (day("2026-06-06"), Phase::Begun));
    let fees = async || count(&histories(&office).await, "lease.late_fee_assessed");
    ticks(&office, begun).await;
    assert_eq!(fees().await, 0);
    let first_fee: NaiveDate = day("2026-06-07");
    ticks(&office, Progress::end_of(day("2026-06-06"), New_York)).await;
    assert_eq!(fees().await, 0);
    ticks(&office, Progress::end_of(first_fee, New_York)).await;
    assert_eq!(fees().await, 1);
}
