//! Combined appends: what the database refuses of a batch, and that each command of one is answered for itself.

use commands::log::{AppendError, heads};
use sqlx::{PgConnection, Row};
use store::testing::TestDatabase;

use crate::{
    support::{Build, Call, NEIGHBOURS, OURS, THEIRS, code, command, new_log, payload, vendor},
    trust::writes_nothing_on_trust,
};

/// Two commands, each with a stream of its own that it writes.
pub fn pair() -> Call {
    Call {
        epoch: 1,
        commands: vec![(OURS, 1), (OURS, 2)],
        streams: vec![(1, vendor(1), 0), (2, vendor(2), 0)],
        events: vec![1, 2],
        ..Call::default()
    }
}

pub async fn app(database: &TestDatabase) -> PgConnection {
    database.pools().await.app.acquire().await.unwrap().detach()
}

/// Batches that a call can't write, and what is wrong with each.
pub fn broken() -> [(&'static str, Call); 11] {
    [
        (
            "a stream written by two",
            Call {
                streams: vec![(1, vendor(1), 0), (2, vendor(1), 0)],
                ..pair()
            },
        ),
        (
            "a stream written by one and expected by another",
            Call {
                streams: vec![(1, vendor(1), 0), (2, vendor(2), 0), (2, vendor(1), 0)],
                ..pair()
            },
        ),
        (
            "a stream expected twice by who writes it",
            Call {
                streams: vec![(1, vendor(1), 0), (2, vendor(2), 0), (1, vendor(1), 0)],
                ..pair()
            },
        ),
        (
            "a command without an event",
            Call {
                events: vec![1],
                ..pair()
            },
        ),
        (
            "an event of no stream",
            Call {
                events: vec![1, 2, 3],
                ..pair()
            },
        ),
        (
            "a command between another's events",
            Call {
                events: vec![1, 2, 1],
                ..pair()
            },
        ),
        (
            "an event of stream 0",
            Call {
                events: vec![1, 2, 0],
                ..pair()
            },
        ),
        (
            "a stream of no command",
            Call {
                streams: vec![(1, vendor(1), 0), (2, vendor(2), 0), (3, vendor(3), 0)],
                ..pair()
            },
        ),
        (
            "a key of no command",
            Call {
                keys: vec![(3, 1)],
                ..pair()
            },
        ),
        (
            "another shard's organization",
            Call {
                commands: vec![(OURS, 1), (THEIRS, 2)],
                ..pair()
            },
        ),
        (
            "nothing but an event",
            Call {
                commands: vec![],
                streams: vec![],
                ..pair()
            },
        ),
    ]
}

#[tokio::test]
async fn a_batch_that_breaks_the_rules_is_refused_as_a_whole() {
    let (database, _log) = new_log().await;
    let mut app = app(&database).await;
    for (what, call) in broken() {
        let refused = call.make(&mut app, 10).await.unwrap_err();
        assert_eq!(code(&refused), "PO001", "{what}: {refused}");
        writes_nothing_on_trust(what, &call, &mut app).await;
    }
    assert_eq!(heads(&database.pools().await.stream).await.unwrap(), [0; 16]);
    assert_eq!(pair().make(&mut app, 10).await.unwrap(), [0, 0]);
}

#[tokio::test]
async fn a_batch_in_which_a_command_or_a_key_stands_twice_is_refused_as_a_whole() {
    let (database, _log) = new_log().await;
    let mut app = app(&database).await;
    let command_twice = Call {
        commands: vec![(OURS, 1), (OURS, 1)],
        ..pair()
    };
    let refused = command_twice.make(&mut app, 10).await.unwrap_err();
    assert_eq!(code(&refused), "PO001", "{refused}");
    writes_nothing_on_trust("a command twice", &command_twice, &mut app).await;
    let key_twice = Call {
        keys: vec![(1, 1), (2, 1)],
        ..pair()
    };
    assert!(
        key_twice.make(&mut app, 10).await.is_err(),
        "one of two keys of a person would be lost"
    );
    assert_eq!(heads(&database.pools().await.stream).await.unwrap(), [0; 16]);
    assert_eq!(pair().make(&mut app, 10).await.unwrap(), [0, 0]);
}

#[tokio::test]
async fn a_single_command_that_breaks_the_rules_is_refused() {
    let (database, _log) = new_log().await;
    let mut app = app(&database).await;
    let broken = [
        (
            "a stream expected twice",
            Call {
                streams: vec![(1, vendor(1), 0), (1, vendor(2), 0), (1, vendor(1), 0)],
                ..Call::plain()
            },
        ),
        (
            "without an event",
            Call {
                events: vec![],
                ..Call::plain()
            },
        ),
        (
            "an event of no stream",
            Call {
                events: vec![1, 2],
                ..Call::plain()
            },
        ),
        (
            "a stream of another command",
            Call {
                streams: vec![(1, vendor(1), 0), (2, vendor(2), 0)],
                ..Call::plain()
            },
        ),
        (
            "a key of no command",
            Call {
                keys: vec![(2, 1)],
                ..Call::plain()
            },
        ),
        (
            "another shard's organization",
            Call {
                commands: vec![(THEIRS, 1)],
                ..Call::plain()
            },
        ),
        (
            "another shard's organization that expects a stream of this one",
            Call {
                commands: vec![(THEIRS, 1)],
                streams: vec![(1, vendor(1), 1)],
                ..Call::plain()
            },
        ),
    ];
    for (what, call) in broken {
        let refused = call.make(&mut app, 10).await.unwrap_err();
        assert_eq!(code(&refused), "PO001", "{what}: {refused}");
        writes_nothing_on_trust(what, &call, &mut app).await;
    }
    assert_eq!(heads(&database.pools().await.stream).await.unwrap(), [0; 16]);
    let with_a_key = Call {
        keys: vec![(1, 1)],
        ..Call::plain()
    };
    assert_eq!(with_a_key.make(&mut app, 10).await.unwrap(), [0]);
    assert_eq!(with_a_key.make(&mut app, 10).await.unwrap(), [1], "repeated");
    let another = Call {
        commands: vec![(OURS, 2)],
        streams: vec![(1, vendor(2), 0)],
        ..with_a_key
    };
    assert_eq!(another.make(&mut app, 10).await.unwrap(), [2], "the person has a key");
    assert_eq!(heads(&database.pools().await.stream).await.unwrap()[10], 1);
}

#[tokio::test]
async fn a_stream_that_is_only_read_may_be_shared() {
    let (database, _log) = new_log().await;
    let shared = Call {
        streams: vec![
            (1, vendor(1), 0),
            (1, vendor(9), 0),
            (2, vendor(2), 0),
            (2, vendor(9), 0),
        ],
        events: vec![1, 3],
        ..pair()
    };
    assert_eq!(shared.make(&mut app(&database).await, 10).await.unwrap(), [0, 0]);
}

#[tokio::test]
async fn each_command_of_a_batch_is_answered_for_itself() {
    let (database, log) = new_log().await;
    log.append(command(1).expecting(vendor(1), 0).writing(vendor(1), 2))
        .await
        .unwrap();
    log.append(command(2).hashed(8).expecting(vendor(2), 0).writing(vendor(2), 1))
        .await
        .unwrap();
    let batch = Call {
        epoch: 1,
        commands: vec![(OURS, 1), (OURS, 2), (OURS, 3), (OURS, 4), (NEIGHBOURS, 5)],
        streams: vec![
            (1, vendor(1), 0),
            (2, vendor(2), 0),
            (3, vendor(3), 7),
            (4, vendor(4), 0),
            (5, vendor(1), 0),
        ],
        events: vec![1, 2, 3, 4, 5],
        ..Call::default()
    };
    let outcomes = batch.make(&mut app(&database).await, 10).await.unwrap();
    assert_eq!(
        outcomes,
        [1, 3, 2, 0, 0],
        "repeated, reused, conflict, written, written"
    );
    let rows =
        sqlx::query("SELECT position, tenant_id, aggregate_id FROM events_10 WHERE position > 3 ORDER BY position")
            .fetch_all(&database.pools().await.stream)
            .await
            .unwrap();
    let places: Vec<(i64, uuid::Uuid, uuid::Uuid)> =
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let expected = [
        (4, OURS.0, vendor(4).aggregate_id),
        (5, NEIGHBOURS.0, vendor(1).aggregate_id),
    ];
    assert_eq!(places, expected);
}

#[tokio::test]
async fn commands_given_at_once_that_touch_the_same_stream_are_written_one_after_the_other() {
    let (_database, log) = new_log().await;
    // All of them meet in the writer; each rests on what no other has written yet, so one wins.
    let appends = (1..=40).map(|id| log.append(command(id).expecting(vendor(1), 0).writing(vendor(1), 1)));
    let outcomes = futures::future::join_all(appends).await;
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let lost = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(AppendError::Conflict)))
        .count();
    assert_eq!((won, lost), (1, 39));
    assert_eq!(log.stream(OURS, vendor(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn one_command_at_fault_does_not_take_the_others_with_it() {
    let (_database, log) = new_log().await;
    let append = |id: u128| {
        let mut command = command(id).expecting(vendor(id), 0).writing(vendor(id), 1);
        if id == 20 {
            // What no check here finds, and the database does.
            command.command_hash = vec![1, 2, 3];
        }
        log.append(command)
    };
    let outcomes = futures::future::join_all((1..=40).map(append)).await;
    for (id, outcome) in (1..).zip(outcomes) {
        match id {
            20 => assert!(matches!(outcome, Err(AppendError::Malformed(_))), "{outcome:?}"),
            _ => drop(outcome.unwrap()),
        }
    }
}

#[tokio::test]
async fn a_command_larger_than_a_batch_goes_alone() {
    let (_database, log) = new_log().await;
    let large = |id: u128| {
        let mut large = command(id).expecting(vendor(id), 0).writing(vendor(id), 12);
        for event in &mut large.events {
            event.payload = payload(&format!(r#"{{"reason":"{}"}}"#, "x".repeat(400_000)));
        }
        large
    };
    let outcomes = futures::future::join_all((1..=4).map(|id| log.append(large(id)))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}
