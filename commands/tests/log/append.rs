//! Appending one command.

use commands::log::{AppendError, Appended, heads};
use schemas::shard_of;

use crate::support::{Build, OURS, command, new_log, vendor};

#[tokio::test]
async fn positions_and_sequences_are_dense_from_one() {
    let (database, log) = new_log().await;
    let first = log
        .append(command(1).expecting(vendor(1), 0).writing(vendor(1), 2))
        .await
        .unwrap();
    let second = log
        .append(command(2).expecting(vendor(1), 2).writing(vendor(1), 1))
        .await
        .unwrap();
    let appended = |first_position, last_position| Appended {
        epoch: 1,
        shard: shard_of(OURS),
        first_position,
        last_position,
        repeated: false,
    };
    assert_eq!([first, second], [appended(1, 2), appended(3, 3)]);
    let stream = log.stream(OURS, vendor(1)).await.unwrap();
    let places: Vec<_> = stream
        .iter()
        .map(|event| (event.position, event.sequence, event.command_index))
        .collect();
    assert_eq!(places, [(1, 1, 0), (2, 2, 1), (3, 3, 0)]);
    let heads = heads(&database.pools().await.stream).await.unwrap();
    assert_eq!(heads[shard_of(OURS).index()], 3);
}

#[tokio::test]
async fn a_stale_sequence_is_a_conflict() {
    let (_database, log) = new_log().await;
    log.append(command(1).expecting(vendor(1), 0).writing(vendor(1), 1))
        .await
        .unwrap();
    let stale = log
        .append(command(2).expecting(vendor(1), 0).writing(vendor(1), 1))
        .await;
    assert!(matches!(stale, Err(AppendError::Conflict)), "{stale:?}");
    assert_eq!(log.stream(OURS, vendor(1)).await.unwrap().len(), 1);
}
