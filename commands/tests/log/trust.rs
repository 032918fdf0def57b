//! What `append` looks up and what it leaves to the indexes: a call that trusts wrongly writes nothing, and no promise is weaker for it.

use commands::log::{EventLog, heads};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    batches::{app, broken, pair},
    support::{Build, Call, NEIGHBOURS, OURS, THEIRS, code, command, new_log, vendor},
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
pub async fn writes_nothing_on_trust(what: &str, call: &Call, app: &mut PgConnection) {
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
pub async fn begun(log: &EventLog) {
    let begin = |id, of| command(id).of(of).expecting(vendor(90), 0).writing(vendor(90), 1);
    log.append(begin(90, OURS)).await.unwrap();
    log.append(begin(91, THEIRS)).await.unwrap();
}

/// Each command rests on the stream that its organization has begun.
pub fn resting(mut call: Call) -> Call {
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

/// Two commands on one stream that their organization has begun.
pub fn resting_pair() -> Call {
    let mut call = pair();
    call.streams.push((1, vendor(90), 1));
    call.further.push((2, 3));
    call
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
