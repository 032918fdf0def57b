//! The sixth promise, as far as it is the log's own: it counts its lives, and nothing is written that was decided in another.

use commands::log::{AppendError, EventLog, epoch};
use schemas::Shard;
use sqlx::Row;

use crate::{
    office::{Office, carry_out, create, unblock, update},
    support::{Build, command, new_log, vendor},
};

#[tokio::test]
async fn a_new_epoch_remembers_on_every_shard_how_far_the_last_one_came() {
    let (database, log) = new_log().await;
    log.append(command(1).expecting(vendor(1), 0).writing(vendor(1), 3))
        .await
        .unwrap();
    assert_eq!(epoch::begin(&mut database.owner().await).await.unwrap(), 2);
    let rows = sqlx::query(
        "SELECT e.shard, e.survived FROM epochs e, server_identity() i
          WHERE e.epoch = 2 AND (e.system_identifier, e.timeline) = (i.system_identifier, i.timeline) ORDER BY 1",
    )
    .fetch_all(&database.pools().await.app)
    .await
    .unwrap();
    let survived: Vec<(i16, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expected = Shard::all().map(|shard| (shard.as_i16(), if shard.number() == 10 { 3 } else { 0 }));
    assert_eq!(survived, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn an_append_decided_in_an_older_epoch_is_refused_and_the_next_is_of_the_new_one() {
    let (database, log) = new_log().await;
    let first = command(1).expecting(vendor(1), 0).writing(vendor(1), 1);
    log.append(first.clone()).await.unwrap();
    epoch::begin(&mut database.owner().await).await.unwrap();
    let next = || log.append(command(2).expecting(vendor(1), 1).writing(vendor(1), 1));
    let refused = next().await;
    assert!(matches!(refused, Err(AppendError::NewEpoch)), "{refused:?}");
    assert_eq!(next().await.unwrap().epoch, 2);
    // A retry is answered with the epoch that it was written in.
    let again = log.append(first).await.unwrap();
    assert_eq!((again.epoch, again.first_position, again.repeated), (1, 1, true));
}

#[tokio::test]
async fn a_process_forgets_what_it_remembers_of_an_older_epoch() {
    let office = Office::open().await;
    let process = office.process().await;
    carry_out(&process, 2, &create(1)).await;
    // A copy of the log from before something that the process remembers, made by taking it away behind everyone's back.
    carry_out(&process, 3, &update(1, "Drip Ltd")).await;
    let mut superuser = office.database.superuser().await;
    for change in [
        "ALTER TABLE events_10 DISABLE TRIGGER history",
        "DELETE FROM events_10 WHERE position = (SELECT max(position) FROM events_10)",
        "ALTER TABLE events_10 ENABLE ALWAYS TRIGGER history",
    ] {
        sqlx::query(change).execute(&mut superuser).await.unwrap();
    }
    epoch::begin(&mut office.database.owner().await).await.unwrap();
    let receipt = carry_out(&process, 4, &update(1, "Drop Ltd")).await;
    assert_eq!((receipt.epoch, receipt.primary_sequence()), (2, 2));
    assert_eq!(
        crate::office::rule(process.execute(&crate::office::given(5), &unblock(1)).await),
        "vendor-not-blocked"
    );
}

#[tokio::test]
async fn a_process_that_starts_later_writes_in_the_epoch_it_finds() {
    let (database, _log) = new_log().await;
    epoch::begin(&mut database.owner().await).await.unwrap();
    epoch::begin(&mut database.owner().await).await.unwrap();
    let log = EventLog::new(database.pools().await.app, commands::Metrics::default());
    let appended = log
        .append(command(1).expecting(vendor(1), 0).writing(vendor(1), 1))
        .await
        .unwrap();
    assert_eq!(appended.epoch, 3);
}
