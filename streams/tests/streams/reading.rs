//! What reaches a projection, and how others see how far it has come.

use std::{sync::Arc, time::Duration};

use domain::{ids::PersonId, personal::Personal, registry::AnyEvent, vendor::VendorEvent};
use futures::FutureExt;
use schemas::{Cursor, PositionToken, Shard};
use streams::{
    Limit, Progress, Waited,
    progress::{TokenError, check_token, lag},
};
use uuid::Uuid;

use crate::{
    support::{ONE, SOON, TWO, World, event_at},
    tally::Tally,
};

const ADA: PersonId = PersonId(Uuid::from_u128(77));

#[tokio::test]
async fn personal_data_is_opened_until_it_is_erased() {
    let world = World::new().await;
    let (key, wrapped) = world.personal.new_key((ONE, ADA)).unwrap();
    let mut keys = store::personal::Keys::default();
    keys.insert((ONE, ADA), key);
    let created = serde_json::to_string(&VendorEvent::Created {
        name: Personal::of(ADA, "Ada's Pipes".to_owned()),
        contact: Personal::of(ADA, domain::personal::Contact::default()),
        trades: vec!["plumbing".into()],
        insured_through: None,
    })
    .unwrap();
    let sealed = keys.seal(ONE, &created).unwrap().into_owned();
    assert!(!sealed.contains("Pipes"));
    let end = world
        .append_all(ONE, 1, vec![("vendor.created", sealed)], vec![(ADA, wrapped)])
        .await;

    let name = async || {
        let limit = Limit {
            events: 10,
            bytes: 1 << 20,
        };
        let entries = world.feed().read(&[Cursor::start(end.shard)], limit).await.unwrap();
        let fact = entries[0].content.as_ref().unwrap();
        assert_eq!((fact.tenant_id, fact.sequence, fact.cursor()), (ONE, 1, end));
        match &fact.event {
            AnyEvent::Vendor(VendorEvent::Created { name, .. }) => name.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(name().await, Personal::of(ADA, "Ada's Pipes".to_owned()));
    world.personal.erase(&world.pools.stream, (ONE, ADA)).await.unwrap();
    assert_eq!(name().await, Personal::Erased { person: ADA });
}

#[tokio::test]
async fn whoever_waits_goes_on_as_soon_as_the_read_model_has_passed() {
    let world = World::new().await;
    let end = world.append(ONE, 1, 3).await;
    let progress = Progress::default();
    let wait = |at_most| progress.wait(&world.pools.app, "tally", end, at_most);
    assert_eq!(wait(Duration::ZERO).await.unwrap(), Waited::Behind { events: 3 });
    assert_eq!(
        wait(Duration::from_millis(60)).await.unwrap(),
        Waited::Behind { events: 3 }
    );

    // Also when another process writes it.
    let running = world.run(&Tally::version(1));
    let (elsewhere, here) = tokio::join!(wait(SOON), running.progress.wait(&world.pools.app, "tally", end, SOON));
    assert_eq!((elsewhere.unwrap(), here.unwrap()), (Waited::Passed, Waited::Passed));
    running.stop().await.unwrap();
    let end = world.append(ONE, 1, 2).await;
    let behind = progress.wait(&world.pools.app, "tally", end, Duration::ZERO).await;
    assert_eq!(behind.unwrap(), Waited::Behind { events: 2 });
}

#[tokio::test]
async fn an_index_of_this_process_is_waited_for_without_a_database() {
    let progress = Arc::new(Progress::default());
    let at = |position| Cursor {
        position,
        ..Cursor::start(Shard::new(3).unwrap())
    };
    progress.passed("search", at(4));
    assert_eq!(progress.wait_here("search", at(4), SOON).await, Waited::Passed);
    assert_eq!(
        progress.wait_here("search", at(6), Duration::ZERO).await,
        Waited::Behind { events: 2 }
    );
    let (waited, ()) = tokio::join!(progress.wait_here("search", at(6), SOON), async {
        progress.passed("search", at(5));
        progress.passed("search", at(6));
    });
    assert_eq!(waited, Waited::Passed);
}

#[tokio::test]
async fn whoever_lets_events_gather_hears_that_somebody_waits_for_them() {
    let progress = Progress::default();
    let at = |position| Cursor {
        position,
        ..Cursor::start(Shard::new(3).unwrap())
    };
    let applied_on_demand = async {
        progress.is_waited_for("search").await;
        assert!(progress.is_waited_for("ledger").now_or_never().is_none());
        progress.passed("search", at(6));
    };
    let (waited, ()) = tokio::join!(progress.wait_here("search", at(6), SOON), applied_on_demand);
    assert_eq!(waited, Waited::Passed);
    assert!(progress.is_waited_for("search").now_or_never().is_none());
    assert_eq!(progress.wait_here("search", at(6), SOON).await, Waited::Passed);
    assert!(progress.is_waited_for("search").now_or_never().is_none());
}

#[tokio::test]
async fn a_token_leads_only_to_an_event_of_its_own_organization_that_is_still_there() {
    let world = World::new().await;
    let cursor = world.append(ONE, 1, 3).await;
    let token = PositionToken {
        cursor,
        event_id: event_at(&world, cursor).await,
    };
    let check = async |organization, token| check_token(&world.pools.app, organization, &token).await;
    check(ONE, token).await.unwrap();
    let beyond = PositionToken {
        cursor: Cursor { position: 4, ..cursor },
        ..token
    };
    let another = PositionToken {
        event_id: Uuid::from_u128(5),
        ..token
    };
    for (organization, token) in [(TWO, token), (ONE, beyond), (ONE, another)] {
        let refused = check(organization, token).await.unwrap_err();
        assert!(matches!(refused, TokenError::NotOfThisLog), "{refused}");
    }
}

#[tokio::test]
async fn the_lag_counts_what_is_missing_and_how_long_it_has_been() {
    let world = World::new().await;
    let tally = Tally::version(1);
    world.append(ONE, 1, 3).await;
    world.apply(&tally).await;
    let of_tally = async || lag(&world.pools.stream).await.unwrap().remove(0);
    let none = of_tally().await;
    assert_eq!((none.events, none.seconds, none.parked, none.active), (0, 0.0, 0, true));
    assert_eq!((none.projection.as_str(), none.version), ("tally", 1));
    world.append(ONE, 1, 2).await;
    world.append(TWO, 1, 1).await;
    let some = of_tally().await;
    assert_eq!(some.events, 3);
    assert!(
        some.seconds > 0.0 && some.seconds < SOON.as_secs_f64(),
        "{}",
        some.seconds
    );
}

#[tokio::test]
async fn what_the_log_is_asked_again_and_again_is_planned_once() {
    let world = World::new().await;
    world.append(ONE, 1, 1).await;
    let stream = &world.pools.stream;
    let feed = world.feed();
    let limit = Limit {
        events: 10,
        bytes: 1 << 20,
    };
    let mut read = 0;
    for shard in Shard::all() {
        read += feed.read_again(Cursor::start(shard), limit).await.unwrap().len();
    }
    assert_eq!(read, 1);
    let mut connections = Vec::new();
    for _ in 0..stream.size() {
        connections.push(stream.acquire().await.unwrap());
    }
    let (mut kept, mut anew) = (0, 0);
    for connection in &mut connections {
        let plans: (i64, i64) = sqlx::query_as(
            "SELECT coalesce(sum(generic_plans), 0)::bigint, coalesce(sum(custom_plans), 0)::bigint FROM pg_prepared_statements",
        )
        .fetch_one(&mut **connection)
        .await
        .unwrap();
        kept += plans.0;
        anew += plans.1;
    }
    assert!(kept >= 16, "{kept} plans were kept");
    assert_eq!(anew, 0);
}
