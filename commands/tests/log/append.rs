//! The first promise: append is one call, atomic per command, and a stale expectation is a conflict.

use commands::log::{AppendError, Appended, MAX_EVENT_BYTES, heads};
use schemas::shard_of;
use sqlx::Row;

use crate::support::{Build, Call, NEIGHBOURS, OURS, THEIRS, code, command, new_log, payload, vendor};

#[tokio::test]
async fn positions_and_sequences_are_dense_from_one() {
    let (database, log) = new_log().await;
    let first = command(1).expecting(vendor(1), 0).writing(vendor(1), 2);
    let second = command(2).expecting(vendor(1), 2).writing(vendor(1), 1);
    let first = log.append(first).await.unwrap();
    let second = log.append(second).await.unwrap();
    let appended = |first_position, last_position| Appended {
        epoch: 1,
        shard: shard_of(OURS),
        first_position,
        last_position,
        repeated: false,
    };
    assert_eq!([first, second], [appended(1, 2), appended(3, 3)]);
    let stream = log.stream(OURS, vendor(1)).await.unwrap();
    let place = |event: &schemas::Recorded| (event.position, event.sequence, event.command_index);
    assert_eq!(
        stream.iter().map(place).collect::<Vec<_>>(),
        [(1, 1, 0), (2, 2, 1), (3, 3, 0)]
    );
    let heads = heads(&database.pools().await.stream).await.unwrap();
    assert_eq!(heads[shard_of(OURS).index()], 3);
    assert_eq!(heads.iter().sum::<i64>(), 3);
}

#[tokio::test]
async fn an_event_is_kept_as_it_was_given() {
    let (_database, log) = new_log().await;
    let mut command = command(1).expecting(vendor(1), 0).writing(vendor(1), 1);
    command.metadata.traceparent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into());
    command.metadata.causation_id = Some(uuid::Uuid::from_u128(44));
    // Neither the order of the members nor the space between them is the log's to change.
    command.events[0].payload = payload(r#"{ "type":"vendor.blocked", "reason" : "späť \u0041", "a": 1.50 }"#);
    log.append(command.clone()).await.unwrap();
    let [kept] = log.stream(OURS, vendor(1)).await.unwrap().try_into().unwrap();
    let given = &command.events[0];
    assert_eq!(kept.payload.get(), given.payload.get());
    assert_eq!(kept.metadata, command.metadata);
    assert_eq!((kept.epoch, kept.tenant_id, kept.event_id), (1, OURS, given.event_id));
    assert_eq!((kept.event_type.as_str(), kept.event_version), ("vendor.unblocked", 1));
    assert_eq!((kept.command_id, kept.command_index), (command.command_id.0, 0));
}

#[tokio::test]
async fn a_stale_sequence_is_a_conflict_and_nothing_is_written() {
    let (_database, log) = new_log().await;
    log.append(command(1).expecting(vendor(1), 0).writing(vendor(1), 2))
        .await
        .unwrap();
    for sequence in [0, 1, 3] {
        let id = 10 + u128::try_from(sequence).unwrap();
        let stale = command(id).expecting(vendor(1), sequence).expecting(vendor(2), 0);
        let stale = stale.writing(vendor(2), 1).writing(vendor(1), 1);
        let refused = log.append(stale).await;
        assert!(matches!(refused, Err(AppendError::Conflict)), "{refused:?}");
    }
    assert_eq!(log.stream(OURS, vendor(1)).await.unwrap().len(), 2);
    assert_eq!(log.stream(OURS, vendor(2)).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_stream_that_was_only_read_must_not_have_moved_on_either() {
    let (_database, log) = new_log().await;
    log.append(command(1).expecting(vendor(1), 0).writing(vendor(1), 1))
        .await
        .unwrap();
    let guarded = |id, sequence| {
        let guarded = command(id).expecting(vendor(1), sequence).expecting(vendor(2), 0);
        guarded.writing(vendor(2), 1)
    };
    let stale = log.append(guarded(2, 0)).await;
    assert!(matches!(stale, Err(AppendError::Conflict)), "{stale:?}");
    log.append(guarded(3, 1)).await.unwrap();
}

#[tokio::test]
async fn organizations_have_streams_of_their_own_under_the_same_ids() {
    let (_database, log) = new_log().await;
    for (id, organization) in [(1, OURS), (2, THEIRS), (3, NEIGHBOURS)] {
        let begin = command(id)
            .of(organization)
            .expecting(vendor(1), 0)
            .writing(vendor(1), 1);
        let appended = log.append(begin).await.unwrap();
        assert_eq!(appended.shard, shard_of(organization));
    }
    assert_eq!(shard_of(OURS), shard_of(NEIGHBOURS));
    let neighbours = log.stream(NEIGHBOURS, vendor(1)).await.unwrap();
    assert_eq!((neighbours[0].position, neighbours[0].sequence), (2, 1));
}

#[tokio::test]
async fn the_events_of_a_command_stand_together_in_their_order() {
    let (_database, log) = new_log().await;
    let mixed = command(1).expecting(vendor(1), 0).expecting(vendor(2), 0);
    let mixed = mixed.writing(vendor(2), 1).writing(vendor(1), 2).writing(vendor(2), 1);
    log.append(mixed).await.unwrap();
    let positions = async |n| -> Vec<_> {
        let stream = log.stream(OURS, vendor(n)).await.unwrap();
        stream.iter().map(|event| (event.position, event.sequence)).collect()
    };
    assert_eq!(positions(2).await, [(1, 1), (4, 2)]);
    assert_eq!(positions(1).await, [(2, 1), (3, 2)]);
}

#[tokio::test]
async fn an_event_that_no_reader_would_take_is_refused() {
    let (_database, log) = new_log().await;
    let of_size = |bytes: usize| {
        let mut command = command(1).expecting(vendor(1), 0).writing(vendor(1), 1);
        command.events[0].payload = payload(&format!(r#"{{"reason":"{}"}}"#, "x".repeat(bytes)));
        command
    };
    let refused = log.append(of_size(MAX_EVENT_BYTES)).await;
    assert!(
        matches!(
            refused,
            Err(AppendError::TooLarge {
                limit: MAX_EVENT_BYTES,
                ..
            })
        ),
        "{refused:?}"
    );
    log.append(of_size(MAX_EVENT_BYTES - 4096)).await.unwrap();
}

#[tokio::test]
async fn personal_data_that_anyone_could_read_never_reaches_the_log() {
    let (_database, log) = new_log().await;
    let mut clear = command(1).expecting(vendor(1), 0).writing(vendor(1), 1);
    clear.events[0].payload =
        payload(r#"{"name":{"$personal":{"person":"00000000-0000-0000-0000-000000000001","value":"Ada"}}}"#);
    let refused = log.append(clear).await;
    assert!(matches!(refused, Err(AppendError::Malformed(_))), "{refused:?}");
    assert_eq!(log.stream(OURS, vendor(1)).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_persons_key_is_written_with_the_command_and_never_over_another() {
    let (database, log) = new_log().await;
    let naming = |id, n| {
        let mut naming = command(id).expecting(vendor(n), 0).writing(vendor(n), 1);
        naming
            .person_keys
            .push((uuid::Uuid::from_u128(77).into(), vec![id.try_into().unwrap()]));
        naming
    };
    log.append(naming(1, 1)).await.unwrap();
    let second = log.append(naming(2, 2)).await;
    assert!(matches!(second, Err(AppendError::Conflict)), "{second:?}");
    let keys = sqlx::query("SELECT tenant_id, person_id, wrapped FROM personal_keys")
        .fetch_all(&database.pools().await.stream)
        .await
        .unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].get::<Vec<u8>, _>(2), [1]);
    assert_eq!(log.stream(OURS, vendor(2)).await.unwrap().len(), 0);
}

#[tokio::test]
async fn streams_are_listed_by_type_and_page() {
    let (_database, log) = new_log().await;
    for n in [3, 1, 2] {
        let begin = command(n).expecting(vendor(n), 0).writing(vendor(n), 2);
        log.append(begin).await.unwrap();
    }
    let theirs = command(9).of(NEIGHBOURS).expecting(vendor(9), 0).writing(vendor(9), 1);
    log.append(theirs).await.unwrap();
    let page = async |after, limit| -> Vec<u128> {
        let ids = log.streams_of_type(OURS, "vendor", after, limit).await.unwrap();
        ids.into_iter().map(|id| id.as_u128()).collect()
    };
    assert_eq!(page(None, 2).await, [1, 2]);
    assert_eq!(page(Some(vendor(2).aggregate_id), 2).await, [3]);
    assert_eq!(log.streams_of_type(OURS, "lease", None, 9).await.unwrap().len(), 0);
}

#[tokio::test]
async fn an_append_inside_a_transaction_that_may_not_see_the_last_one_is_refused() {
    let (database, _log) = new_log().await;
    let app = database.pools().await.app;
    let mut transaction = app.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    let refused = Call::plain().make(&mut transaction, 10).await.unwrap_err();
    assert_eq!(code(&refused), "PO001", "{refused}");
}
