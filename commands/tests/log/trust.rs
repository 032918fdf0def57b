//! What `append` looks up and what it leaves to the indexes: a call that trusts wrongly writes nothing, and no promise is weaker for it.

use commands::{
    Metrics,
    log::{EventLog, heads},
};
use domain::ids::OrganizationId;
use prometheus_client::{encoding::text::encode, registry::Registry};
use sqlx::{Connection, PgConnection};
use store::testing::TestDatabase;
use uuid::Uuid;

use crate::{
    batches::{app, broken, pair},
    support::{Build, Call, NEIGHBOURS, OURS, SCHEMA, THEIRS, code, command, new_log, vendor},
};

#[tokio::test]
async fn a_batch_whose_commands_share_what_they_may_not_is_refused_as_a_whole() {
    let (database, _log) = new_log().await;
    let mut app = app(&database).await;
    let broken = [
        (
            "a stream written by one on which another rests too",
            Call {
                further: vec![(2, 1)],
                ..pair()
            },
        ),
        (
            "a stream of another organization",
            Call {
                commands: vec![(OURS, 1), (NEIGHBOURS, 2)],
                streams: vec![(1, vendor(1), 0), (2, vendor(2), 0), (1, vendor(3), 0)],
                further: vec![(2, 3)],
                ..pair()
            },
        ),
        (
            "no stream on which another rests too",
            Call {
                further: vec![(2, 3)],
                ..pair()
            },
        ),
        (
            "no command that rests on a stream too",
            Call {
                further: vec![(3, 1)],
                ..pair()
            },
        ),
    ];
    for (what, call) in broken {
        let refused = call.make(&mut app, 10).await.unwrap_err();
        assert_eq!(code(&refused), "PO001", "{what}: {refused}");
        writes_nothing_on_trust(what, &call, &mut app).await;
    }
    assert_eq!(heads(&database.pools().await.stream).await.unwrap(), [0; 16]);
}

#[tokio::test]
async fn a_stream_on_which_several_rest_is_looked_at_once_and_counts_for_all() {
    let (database, log) = new_log().await;
    log.append(command(9).expecting(vendor(9), 0).writing(vendor(9), 1))
        .await
        .unwrap();
    let resting_on = |sequence, id| Call {
        commands: vec![(OURS, id), (OURS, id + 1)],
        streams: vec![(1, vendor(id), 0), (1, vendor(9), sequence), (2, vendor(id + 1), 0)],
        further: vec![(2, 2)],
        events: vec![1, 3],
        ..pair()
    };
    let mut app = app(&database).await;
    assert_eq!(resting_on(1, 1).make(&mut app, 10).await.unwrap(), [0, 0]);
    assert_eq!(resting_on(1, 3).trust(&mut app, &[10]).await.unwrap(), Some(vec![]));
    for call in [resting_on(2, 5), resting_on(0, 5)] {
        assert_eq!(call.make(&mut app, 10).await.unwrap(), [2, 2]);
    }
    let mut stale = resting_on(2, 5);
    // By this the shard is seen to be right.
    stale.streams.extend([(1, vendor(1), 1), (2, vendor(2), 1)]);
    assert_eq!(stale.trust(&mut app, &[10]).await.unwrap(), Some(vec![1, 2]));
}

/// A call that trusts, made for the shard alone or with another, leaves alone what is wrong with a batch.
async fn writes_nothing_on_trust(what: &str, call: &Call, app: &mut PgConnection) {
    let together = Call {
        homes: vec![2; call.commands.len()],
        ..call.clone()
    };
    for (call, shards) in [(call, &[10][..]), (&together, &[5, 10])] {
        match call.trust(app, shards).await {
            Ok(stale) => assert_eq!(stale, None, "{what}"),
            Err(violation) => assert!(code(&violation).starts_with("23"), "{what}: {violation}"),
        }
    }
}

/// Ours and theirs have each begun a stream, on which commands can rest.
async fn begun(log: &EventLog) {
    let begin = |id, of| command(id).of(of).expecting(vendor(90), 0).writing(vendor(90), 1);
    log.append(begin(90, OURS)).await.unwrap();
    log.append(begin(91, THEIRS)).await.unwrap();
}

/// Each command rests on the stream that its organization has begun.
fn resting(mut call: Call) -> Call {
    for (number, _) in (1..).zip(&call.commands) {
        call.streams.push((number, vendor(90), 1));
    }
    call
}

#[tokio::test]
async fn a_batch_that_breaks_the_rules_writes_nothing_on_trust() {
    let (database, log) = new_log().await;
    begun(&log).await;
    let mut app = app(&database).await;
    let before = heads(&database.pools().await.stream).await.unwrap();
    for (what, call) in broken() {
        writes_nothing_on_trust(what, &resting(call), &mut app).await;
    }
    let twice = Call {
        commands: vec![(OURS, 1), (OURS, 1)],
        ..pair()
    };
    writes_nothing_on_trust("a command twice", &resting(twice), &mut app).await;
    let between = Call {
        commands: vec![(OURS, 1), (OURS, 2), (OURS, 3)],
        events: vec![1, 2, 1],
        ..pair()
    };
    writes_nothing_on_trust(
        "a command between another's events, and one without",
        &resting(between),
        &mut app,
    )
    .await;
    writes_nothing_on_trust("nothing of the organization is there", &pair(), &mut app).await;
    writes_nothing_on_trust("another epoch", &resting(Call { epoch: 2, ..pair() }), &mut app).await;
    assert_eq!(heads(&database.pools().await.stream).await.unwrap(), before);
    assert_eq!(resting_pair().trust(&mut app, &[10]).await.unwrap(), Some(vec![]));
}

#[tokio::test]
async fn a_position_that_was_never_written_is_not_believed() {
    let (database, log) = new_log().await;
    begun(&log).await;
    let mut app = app(&database).await;
    let seen = |seen| Call { seen, ..resting_pair() };
    for shards in [&[10][..], &[10, 5]] {
        let violation = seen(2).trust(&mut app, shards).await.unwrap_err();
        assert_eq!(code(&violation), "23505", "{violation}");
    }
    let alone = |id, seen| Call {
        commands: vec![(OURS, id)],
        streams: vec![(1, vendor(90), 1), (1, vendor(id), 0)],
        events: vec![2],
        seen,
        ..Call::plain()
    };
    let violation = alone(7, 2).make_alone(&mut app, 10).await.unwrap_err();
    assert_eq!(code(&violation), "23505", "{violation}");
    assert_eq!(alone(7, 1).make_alone(&mut app, 10).await.unwrap(), Some(2));
    assert_eq!(seen(1).trust(&mut app, &[10]).await.unwrap(), Some(vec![]));
    assert_eq!(heads(&database.pools().await.stream).await.unwrap()[10], 4);
}

/// Two commands on one stream that their organization has begun.
fn resting_pair() -> Call {
    let mut call = pair();
    call.streams.push((1, vendor(90), 1));
    call.further.push((2, 3));
    call
}

/// A command of ours, on shard 10, with two events, and one of theirs, on shard 5.
fn of_two_shards() -> Call {
    Call {
        commands: vec![(OURS, 1), (THEIRS, 2)],
        homes: vec![2, 1],
        events: vec![1, 1, 2],
        ..resting(pair())
    }
}

#[tokio::test]
async fn commands_of_several_shards_are_written_in_one_call() {
    let (database, log) = new_log().await;
    begun(&log).await;
    let mut app = app(&database).await;
    assert_eq!(of_two_shards().trust(&mut app, &[5, 10]).await.unwrap(), Some(vec![]));
    let stale = Call {
        commands: vec![(OURS, 3), (THEIRS, 4)],
        streams: vec![
            (1, vendor(1), 2),
            (2, vendor(2), 2),
            (1, vendor(90), 1),
            (2, vendor(90), 1),
        ],
        ..of_two_shards()
    };
    assert_eq!(stale.trust(&mut app, &[5, 10]).await.unwrap(), Some(vec![2]));
    let rows = sqlx::query_as::<_, (i16, i64, Uuid, i64, Uuid, i32)>(
        "SELECT shard, position, tenant_id, sequence, command_id, command_index FROM events WHERE position > 1 ORDER BY shard, position",
    )
    .fetch_all(&database.pools().await.stream)
    .await
    .unwrap();
    let (first, second, third) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
    let expected = [
        (5, 2, THEIRS.0, 1, second, 0),
        (10, 2, OURS.0, 1, first, 0),
        (10, 3, OURS.0, 2, first, 1),
        (10, 4, OURS.0, 3, third, 0),
        (10, 5, OURS.0, 4, third, 1),
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn an_organization_is_not_written_to_another_shard_of_the_call() {
    let (database, log) = new_log().await;
    begun(&log).await;
    let mut app = app(&database).await;
    let wrong = [
        ("each in the other's", vec![1, 2]),
        ("both in one", vec![2, 2]),
        ("in none", vec![3, 1]),
    ];
    for (what, homes) in wrong {
        let call = Call {
            homes,
            ..of_two_shards()
        };
        match call.trust(&mut app, &[5, 10]).await {
            Ok(stale) => assert_eq!(stale, None, "{what}"),
            Err(violation) => assert!(code(&violation).starts_with("23"), "{what}: {violation}"),
        }
    }
    let violation = of_two_shards().trust(&mut app, &[10, 10]).await;
    assert!(!matches!(violation, Ok(Some(_))), "a shard twice");
    assert_eq!(
        heads(&database.pools().await.stream).await.unwrap().iter().sum::<i64>(),
        2
    );
}

#[tokio::test]
async fn a_shard_that_others_write_is_waited_for_only_with_patience() {
    let (database, log) = new_log().await;
    begun(&log).await;
    let (mut app, mut other) = (app(&database).await, app(&database).await);
    let mut writing = other.begin().await.unwrap();
    assert_eq!(resting_pair().trust(&mut writing, &[10]).await.unwrap(), Some(vec![]));
    let next = Call {
        commands: vec![(OURS, 3), (OURS, 4)],
        streams: vec![(1, vendor(3), 0), (2, vendor(4), 0), (1, vendor(90), 1)],
        ..resting_pair()
    };
    let together = Call {
        homes: vec![2, 2],
        ..next.clone()
    };
    assert_eq!(next.trust(&mut app, &[10]).await.unwrap(), None);
    assert_eq!(together.trust(&mut app, &[5, 10]).await.unwrap(), None);
    let alone = Call {
        streams: vec![(1, vendor(90), 1), (1, vendor(5), 0)],
        events: vec![2],
        commands: vec![(OURS, 5)],
        ..Call::plain()
    };
    assert_eq!(alone.make_alone(&mut app, 10).await.unwrap(), None);
    let patient = tokio::spawn(async move { next.trust_with(&mut app, &[10], true).await });
    writing.commit().await.unwrap();
    assert_eq!(patient.await.unwrap().unwrap(), Some(vec![]));
    assert_eq!(heads(&database.pools().await.stream).await.unwrap()[10], 5);
}

#[tokio::test]
async fn commands_of_many_organizations_go_together() {
    let database = TestDatabase::new(SCHEMA).await;
    let metrics = Metrics::default();
    let log = EventLog::new(database.pools().await.app, metrics.clone());
    let organizations: Vec<OrganizationId> = (1..=64).map(|n| OrganizationId(Uuid::from_u128(n))).collect();
    let append = |of: OrganizationId, id: u128, sequence| {
        log.append(command(id).of(of).expecting(vendor(1), sequence).writing(vendor(1), 1))
    };
    for (id, of) in (1..).zip(&organizations) {
        append(*of, id, 0).await.unwrap();
    }
    let begun = calls(&metrics);
    let appends = (1_001..).zip(&organizations).map(|(id, of)| append(*of, id, 1));
    for appended in futures::future::join_all(appends).await {
        assert!(!appended.unwrap().repeated);
    }
    let made = calls(&metrics) - begun;
    assert!(made < 16, "{made} calls for commands of 64 organizations on 16 shards");
    let written: i64 = heads(&database.pools().await.stream).await.unwrap().iter().sum();
    assert_eq!(written, 128);
}

/// How many calls were made.
fn calls(metrics: &Metrics) -> u64 {
    let mut registry = Registry::default();
    metrics.register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    let count = text
        .lines()
        .find_map(|line| line.strip_prefix("append_batch_commands_count "));
    count.unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_batch_that_trusts_wrongly_fails_as_a_whole_with_a_violation() {
    let (database, log) = new_log().await;
    begun(&log).await;
    let mut app = app(&database).await;
    let known = Call {
        keys: vec![(1, 1)],
        ..Call::plain()
    };
    assert_eq!(known.make(&mut app, 10).await.unwrap(), [0]);
    log.append(command(7).expecting(vendor(7), 0).writing(vendor(7), 1))
        .await
        .unwrap();
    let wrong = [
        (
            "a command that was written before, on a stream that is there",
            vec![(OURS, 1), (OURS, 2)],
            vec![(1, vendor(7), 1), (2, vendor(2), 0)],
            vec![],
            [1, 0],
        ),
        (
            "a stream that has begun",
            vec![(OURS, 3), (OURS, 4)],
            vec![(1, vendor(3), 0), (2, vendor(7), 0)],
            vec![],
            [0, 2],
        ),
        (
            "a person that has a key",
            vec![(OURS, 5), (OURS, 6)],
            vec![(1, vendor(5), 0), (2, vendor(6), 0)],
            vec![(2, 1)],
            [0, 2],
        ),
    ];
    for (what, commands, streams, keys, outcomes) in wrong {
        let call = Call {
            commands,
            streams,
            keys,
            ..pair()
        };
        let before = heads(&database.pools().await.stream).await.unwrap();
        let violation = resting(call.clone()).trust(&mut app, &[10]).await.unwrap_err();
        assert_eq!(code(&violation), "23505", "{what}: {violation}");
        assert_eq!(heads(&database.pools().await.stream).await.unwrap(), before, "{what}");
        assert_eq!(call.make(&mut app, 10).await.unwrap(), outcomes, "{what}");
    }
}

#[tokio::test]
async fn what_is_stale_is_answered_also_by_a_batch_that_trusts() {
    let (database, log) = new_log().await;
    begun(&log).await;
    log.append(command(1).expecting(vendor(1), 0).writing(vendor(1), 2))
        .await
        .unwrap();
    let batch = Call {
        epoch: 1,
        commands: vec![(OURS, 1), (OURS, 2), (OURS, 3), (OURS, 4)],
        streams: vec![
            (1, vendor(1), 1),
            (1, vendor(6), 0),
            (2, vendor(1), 1),
            (2, vendor(7), 0),
            (3, vendor(3), 0),
            (4, vendor(4), 1),
            (4, vendor(5), 0),
        ],
        events: vec![2, 4, 5, 7],
        ..Call::default()
    };
    let stale = resting(batch).trust(&mut app(&database).await, &[10]).await.unwrap();
    assert_eq!(
        stale,
        Some(vec![1, 2, 4]),
        "written before, stale, and of a stream that isn't there"
    );
    assert_eq!(heads(&database.pools().await.stream).await.unwrap()[10], 4);
}

#[tokio::test]
async fn a_command_alone_is_written_or_left_to_the_function_that_tells_why_not() {
    let (database, log) = new_log().await;
    log.append(command(1).expecting(vendor(1), 0).writing(vendor(1), 1))
        .await
        .unwrap();
    let mut app = app(&database).await;
    let usual = |id| Call {
        commands: vec![(OURS, id)],
        streams: vec![(1, vendor(1), 1), (1, vendor(id), 0)],
        events: vec![2, 2],
        ..Call::plain()
    };
    assert_eq!(usual(2).make_alone(&mut app, 10).await.unwrap(), Some(2));
    let unusual = [
        (
            "stale",
            Call {
                streams: vec![(1, vendor(1), 2), (1, vendor(3), 0)],
                ..usual(3)
            },
        ),
        (
            "nothing of the organization is there",
            Call {
                streams: vec![(1, vendor(3), 0), (1, vendor(4), 0)],
                ..usual(3)
            },
        ),
        (
            "another organization",
            Call {
                commands: vec![(THEIRS, 3)],
                ..usual(3)
            },
        ),
        (
            "no event",
            Call {
                events: vec![],
                ..usual(3)
            },
        ),
        (
            "no stream",
            Call {
                streams: vec![],
                ..usual(3)
            },
        ),
        ("another epoch", Call { epoch: 2, ..usual(3) }),
    ];
    for (what, call) in unusual {
        assert_eq!(call.make_alone(&mut app, 10).await.unwrap(), None, "{what}");
    }
    let wrong = [
        (
            "a stream that has begun",
            Call {
                streams: vec![(1, vendor(1), 1), (1, vendor(2), 0)],
                ..usual(3)
            },
        ),
        (
            "a command that was written before",
            Call {
                commands: vec![(OURS, 2)],
                ..usual(3)
            },
        ),
        (
            "a stream written twice",
            Call {
                streams: vec![(1, vendor(3), 0), (1, vendor(1), 1), (1, vendor(3), 0)],
                events: vec![1, 3],
                ..usual(3)
            },
        ),
        (
            "an event of no stream",
            Call {
                events: vec![2, 3],
                ..usual(3)
            },
        ),
        (
            "an event of stream 0",
            Call {
                events: vec![2, 0],
                ..usual(3)
            },
        ),
    ];
    for (what, call) in wrong {
        let violation = call.make_alone(&mut app, 10).await.unwrap_err();
        assert!(code(&violation).starts_with("23"), "{what}: {violation}");
    }
    assert_eq!(heads(&database.pools().await.stream).await.unwrap()[10], 3);
}

#[tokio::test]
async fn an_event_that_the_log_could_not_keep_is_refused_also_on_trust() {
    let (database, log) = new_log().await;
    begun(&log).await;
    let mut app = app(&database).await;
    let call = |[result, function, given, homes]: [&str; 4], [version, payload, hash]: [&str; 3]| {
        let (ours, new, begun) = (OURS.0, Uuid::from_u128(1), Uuid::from_u128(90));
        format!(
            "SELECT {result} FROM {function}({given}, {homes} ARRAY['{ours}'::uuid], ARRAY['{new}'::uuid], ARRAY[{hash}],
               ARRAY['{{}}'], ARRAY[1, 1], ARRAY['vendor', 'vendor'], ARRAY['{new}', '{begun}']::uuid[], ARRAY[0, 1]::bigint[],
               '{{}}', '{{}}', ARRAY[1], ARRAY['vendor.unblocked'], ARRAY[{version}]::int[], ARRAY[{payload}], ARRAY['{new}'::uuid],
               '{{}}', '{{}}', '{{}}') f"
        )
    };
    let hash = "decode(repeat('07', 32), 'hex')";
    let careful = ["outcomes", "append_10", "1, true", ""];
    let trusting = [
        "heads IS NOT NULL",
        "append_batch_10",
        "false, ARRAY[10], ARRAY[1], ARRAY[0::bigint]",
        "ARRAY[1],",
    ];
    for event in [
        ["0", "'{}'", hash],
        ["NULL", "'{}'", hash],
        ["1", "to_json(repeat('x', 524288))::text", hash],
        ["1", "'{}'", "'\\x07'::bytea"],
    ] {
        let refused = sqlx::query(&call(careful, event)).execute(&mut app).await.unwrap_err();
        assert_eq!(code(&refused), "PO001", "{event:?}: {refused}");
        let is_written = sqlx::query_scalar::<_, bool>(&call(trusting, event))
            .fetch_one(&mut app)
            .await;
        assert!(!is_written.unwrap(), "{event:?}");
    }
    let is_written = sqlx::query_scalar::<_, bool>(&call(trusting, ["1", "'{}'", hash]))
        .fetch_one(&mut app)
        .await;
    assert!(is_written.unwrap());
    assert_eq!(heads(&database.pools().await.stream).await.unwrap()[10], 2);
}

#[tokio::test]
async fn a_process_of_an_earlier_release_appends_as_before() {
    let (database, _log) = new_log().await;
    let mut app = app(&database).await;
    let call = Call {
        commands: vec![(OURS, 1), (OURS, 2)],
        events: vec![1, 1, 2],
        ..pair()
    };
    let written = [(0, Some(1), Some(2)), (0, Some(3), Some(3))];
    assert_eq!(call.make_as_before(&mut app, 10).await.unwrap(), written);
    let again = written.map(|(_, first, last)| (1, first, last));
    assert_eq!(call.make_as_before(&mut app, 10).await.unwrap(), again);
    let stale = Call {
        commands: vec![(OURS, 3), (OURS, 4)],
        ..pair()
    };
    assert_eq!(stale.make_as_before(&mut app, 10).await.unwrap(), [(2, None, None); 2]);
}
