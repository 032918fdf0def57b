//! Leases that want the same days of one unit, signed by everyone at once.

use chrono::{Days, NaiveDate};
use commands::{
    execute::{Commands, ExecuteError},
    handlers::{DraftLease, SignLease},
};
use domain::{
    ids::{LeaseId, ResidentId, UnitId},
    lease::Terms,
    money::{Currency, Money},
    span::Span,
    unit::Unit,
};
use futures::future::join_all;

use crate::support::{Office, noon, rule};

const CLIENTS: u64 = 100;

fn today() -> NaiveDate {
    noon().date_naive()
}

/// So many days from today, for so many days.
fn span(from: u64, days: u64) -> Span {
    let start = today() + Days::new(from);
    Span::new(start, start + Days::new(days))
}

async fn draft(office: &Office, unit: UnitId, resident: ResidentId, term: Span) -> LeaseId {
    let terms = Terms {
        residents: vec![resident],
        term,
        rent: Money::new(100_000, Currency::USD),
        rent_tax: None,
        due_day: 1,
    };
    LeaseId(office.give(&DraftLease { unit, terms }).await.written[0].aggregate_id)
}

/// Whether a lease was signed; if not, it was because others have its days.
async fn sign(office: &Office, process: &Commands, lease: LeaseId) -> bool {
    let (invocation, sign) = (office.invocation(0), SignLease { lease, on: today() });
    loop {
        match process.execute(&invocation, &sign).await {
            Ok(_) => return true,
            // Always second, for as long as the process tries: the client tries again.
            Err(ExecuteError::Conflict) => {}
            refused => {
                assert_eq!(rule(refused), "unit-leased");
                return false;
            }
        }
    }
}

/// Drafts a lease for each span and has them all signed at once, in two processes; says which were.
async fn sign_all_at_once(spans: &[Span]) -> Vec<Span> {
    let office = Office::new().await;
    let property = office.property(1).await;
    let (unit, resident) = (office.unit(property, 2).await, office.resident(3).await);
    let mut drafts = Vec::new();
    for span in spans {
        drafts.push(draft(&office, unit, resident, *span).await);
    }
    let other = office.another_process().await;
    let signing = (0..).zip(&drafts).map(|(n, lease)| {
        let process = if n % 2 == 0 { &office.commands } else { &other };
        sign(&office, process, *lease)
    });
    let signed = join_all(signing).await;
    let signed: Vec<_> = spans
        .iter()
        .zip(signed)
        .filter_map(|(span, signed)| signed.then_some(*span))
        .collect();
    let of_unit = office
        .log()
        .await
        .into_iter()
        .filter(|event| event.event_type == "unit.leased")
        .count();
    assert_eq!(of_unit, signed.len());
    assert_ne!(office.state::<Unit>(unit).await, Unit::default());
    signed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_leases_for_the_same_days_one_is_signed() {
    let spans = vec![span(10, 365); usize::try_from(CLIENTS).unwrap()];
    assert_eq!(sign_all_at_once(&spans).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_leases_that_overlap_in_many_ways_no_two_that_do_are_signed() {
    // Scattered over a year; some for a week, some for months.
    let spans: Vec<_> = (0..CLIENTS).map(|n| span(n * 37 % 365, 7 + n * 53 % 120)).collect();
    let signed = sign_all_at_once(&spans).await;
    for (index, one) in signed.iter().enumerate() {
        assert!(
            signed[index + 1..].iter().all(|other| !one.overlaps(*other)),
            "{signed:?}"
        );
    }
    // And nobody was refused without a reason.
    assert!(
        spans
            .iter()
            .all(|span| signed.iter().any(|signed| signed.overlaps(*span)))
    );
    assert!(signed.len() > 1, "{signed:?}");
}
