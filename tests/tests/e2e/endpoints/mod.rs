//! Every operation of the API, walked against the running server by telling a story in which each is carried out: who may, what
//! belongs to whom, what is refused, and what is promised for all of them.

mod addresses;
mod coverage;
mod meanings;
mod office;
mod platform;
mod promises;
mod reading;
mod residents;
mod roles;
mod rubbish;
mod story;
mod strangers;
mod tokens;

use office::Office;
use story::story;

#[tokio::test]
async fn every_operation_works_on_what_is_there() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    for step in story() {
        teller.tell(&step).await;
    }
    assert!(office.serving.stop().await.success());
}
