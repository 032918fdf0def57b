//! The second promise: a command is written once, however often it is given.

use commands::log::{AppendError, Appended};

use crate::support::{Build, NEIGHBOURS, OURS, command, new_log, vendor};

#[tokio::test]
async fn a_command_given_again_is_answered_with_where_it_stands() {
    let (_database, log) = new_log().await;
    let given = || command(1).expecting(vendor(1), 0).writing(vendor(1), 3);
    let first = log.append(given()).await.unwrap();
    log.append(command(2).expecting(vendor(1), 3).writing(vendor(1), 1))
        .await
        .unwrap();
    // Its expectation is stale by now; it is answered before that matters.
    let again = log.append(given()).await.unwrap();
    assert_eq!(
        again,
        Appended {
            repeated: true,
            ..first
        }
    );
    assert_eq!(log.stream(OURS, vendor(1)).await.unwrap().len(), 4);
}

#[tokio::test]
async fn the_same_id_with_another_body_is_refused() {
    let (_database, log) = new_log().await;
    log.append(command(1).expecting(vendor(1), 0).writing(vendor(1), 1))
        .await
        .unwrap();
    let other = command(1).hashed(8).expecting(vendor(2), 0).writing(vendor(2), 1);
    let refused = log.append(other).await;
    assert!(matches!(refused, Err(AppendError::CommandIdReused)), "{refused:?}");
    assert_eq!(log.stream(OURS, vendor(2)).await.unwrap().len(), 0);
}

#[tokio::test]
async fn two_organizations_may_use_the_same_id() {
    let (_database, log) = new_log().await;
    let given = |organization, hash| {
        let given = command(1).of(organization).hashed(hash);
        log.append(given.expecting(vendor(1), 0).writing(vendor(1), 1))
    };
    assert!(!given(OURS, 1).await.unwrap().repeated);
    assert!(!given(NEIGHBOURS, 2).await.unwrap().repeated);
}

#[tokio::test]
async fn a_command_given_many_times_at_once_is_written_once() {
    let (_database, log) = new_log().await;
    let given = || command(1).expecting(vendor(1), 0).writing(vendor(1), 2);
    let answers = futures::future::join_all((0..30).map(|_| log.append(given()))).await;
    let answers: Vec<Appended> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| (answer.first_position, answer.last_position) == (1, 2))
    );
    assert_eq!(log.stream(OURS, vendor(1)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_command_that_was_refused_may_be_given_again_and_pass() {
    let (_database, log) = new_log().await;
    let given = || command(1).expecting(vendor(1), 1).writing(vendor(1), 1);
    assert!(matches!(log.append(given()).await, Err(AppendError::Conflict)));
    log.append(command(2).expecting(vendor(1), 0).writing(vendor(1), 1))
        .await
        .unwrap();
    assert!(!log.append(given()).await.unwrap().repeated);
}
