//! Personal data and its erasure.

use commands::{
    execute::ExecuteError,
    handlers::{OnStream, erase_resident},
};
use domain::{
    ids::ResidentId,
    resident::{Resident, ResidentCommand},
};

use crate::support::{Office, ada, rule};

async fn keys(office: &Office) -> i64 {
    let mut superuser = office.database.superuser().await;
    sqlx::query_scalar("SELECT count(*) FROM personal_keys")
        .fetch_one(&mut superuser)
        .await
        .unwrap()
}

fn update(resident: ResidentId) -> OnStream<Resident> {
    let profile = ada();
    OnStream::of(resident, ResidentCommand::Update { resident, profile })
}

#[tokio::test]
async fn the_log_never_holds_a_name_in_the_clear() {
    let office = Office::new().await;
    let resident = office.resident(1).await;
    office.give(&update(resident)).await;
    office.vendor(2).await;
    for event in office.log().await {
        assert!(!event.payload.contains("Lovelace"), "{event:?}");
        assert!(!event.payload.contains("Drip"), "{event:?}");
    }
    assert_eq!(keys(&office).await, 2);
}

#[tokio::test]
async fn an_erasure_is_recorded_and_takes_the_key() {
    let office = Office::new().await;
    let resident = office.resident(1).await;
    let pools = office.database.pools().await;
    let invocation = office.invocation(0);
    let erase = || {
        let what = (resident, "asked for it".to_owned());
        erase_resident(&office.commands, &pools.stream, &invocation, what)
    };
    let receipt = erase().await.unwrap();
    assert_eq!(Office::written(&receipt), ["tenant.erased"]);
    assert_eq!(keys(&office).await, 0);
    assert!(erase().await.unwrap().repeated, "a retry is told the same");
    assert_eq!(office.refused(&update(resident)).await, "resident-erased");
    let again = office.invocation(0);
    let refusal = erase_resident(&office.commands, &pools.stream, &again, (resident, "again".into())).await;
    assert_eq!(rule(refusal), "resident-erased");
}

#[tokio::test]
async fn an_erasure_that_broke_off_is_finished_by_its_retry() {
    let office = Office::new().await;
    let resident = office.resident(1).await;
    let pools = office.database.pools().await;
    let invocation = office.invocation(0);
    let reason = || "asked for it".to_owned();
    let closed = office.database.pools().await.app;
    let broken = erase_resident(&office.commands, &closed, &invocation, (resident, reason())).await;
    assert!(
        matches!(
            broken,
            Err(ExecuteError::Unavailable { .. } | ExecuteError::Internal(_))
        ),
        "the API's role may not delete keys"
    );
    assert_eq!(keys(&office).await, 1);
    erase_resident(&office.commands, &pools.stream, &invocation, (resident, reason()))
        .await
        .unwrap();
    assert_eq!(keys(&office).await, 0);
}
