//! An event that contradicts the books.

use domain::{
    lease::{ChargeKind, CreditTarget, LeaseEvent},
    postings::testing::{Happened, History, Step, day, usd},
    registry::AnyEvent,
};
use projections::ledger::{
    Ledger,
    reports::{Scope, trial_balance},
};
use streams::{
    Limit, parked,
    rebuild::{RebuildError, rebuild},
};
use uuid::Uuid;

use crate::support::{World, organization};

/// A history in which a credit gives back what it never paid.
fn contradictory() -> Vec<Happened> {
    let mut happened = History::begin(1, 1).happened().to_vec();
    let lease = happened
        .iter()
        .find(|event| event.event.aggregate_type() == "lease")
        .unwrap();
    let unapplied = LeaseEvent::CreditUnapplied {
        credit: Uuid::from_u128(1).into(),
        target: CreditTarget::Charge {
            charge: Uuid::from_u128(2).into(),
            kind: ChargeKind::Rent,
        },
        amount: usd(1),
        tax: None,
        on: day(1, 1),
    };
    happened.push(Happened {
        event_id: Uuid::from_u128(3),
        aggregate_id: lease.aggregate_id,
        effective_on: day(1, 1),
        event: AnyEvent::Lease(unapplied),
    });
    happened
}

#[tokio::test]
async fn the_books_of_one_organization_stand_still_and_say_so_and_the_others_go_on() {
    let world = World::new().await;
    world.append(organization(1), &contradictory()).await;
    let mut sound = History::begin(2, 1);
    for pick in 0..20 {
        sound.take(Step {
            what: u8::try_from(pick).unwrap(),
            pick,
            cents: 1_000,
        });
    }
    world.append(organization(2), sound.happened()).await;
    world.project().await;

    let heading = |number| {
        let app = world.pools.app.clone();
        async move {
            let report = trial_balance(&app, organization(number), Scope::as_of(day(12, 31))).await;
            report.unwrap().heading
        }
    };
    assert!(heading(1).await.incomplete_since.is_some());
    assert_eq!(heading(2).await.incomplete_since, None);
    let mut connection = world.pools.stream.acquire().await.unwrap();
    let parked = parked::list(&mut connection, Some("ledger")).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].event_type, "lease.credit_unapplied");
    assert!(
        parked[0].error.contains("did not do what is taken back"),
        "{}",
        parked[0].error
    );

    let limit = Limit {
        events: 100,
        bytes: 1 << 20,
    };
    let refused = rebuild(&world.pools.stream, &world.reader(), &Ledger, limit, |_| {}).await;
    assert!(matches!(refused, Err(RebuildError::Poison { .. })));
}
