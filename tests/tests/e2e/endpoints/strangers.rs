//! Another organization's things do not exist.

use reqwest::StatusCode;

use super::{office::Office, story::story};

#[tokio::test]
async fn what_another_organization_has_is_not_there_whatever_names_it() {
    let office = Office::open().await;
    let mut stranger = office.organization("Riverside").await;
    for step in story() {
        stranger.tell(&step).await;
    }
    let mut teller = office.organization("Lakeside").await;
    let mut known_here = vec![];
    let manager = office.token(&teller.organization, "manager", None).await;
    for step in story() {
        let heads = office.heads().await;
        // The accounts of the books are the same everywhere.
        for thing in step.things().into_iter().filter(|thing| thing != "code") {
            let known = teller.known.with(&thing, stranger.known.id(&thing));
            let answer = teller.ask(&step, &known, &manager).await;
            answer.field_at_fault();
            if answer.status != StatusCode::NOT_FOUND {
                known_here.push(format!("another's {thing}: {answer}"));
            }
        }
        assert_eq!(office.heads().await, heads, "{step} wrote something");
        let answer = teller.tell(&step).await;
        for (name, id) in stranger.known.ids() {
            assert!(
                name == "code" || !answer.text.contains(id),
                "another's {name} in {answer}"
            );
        }
    }
    assert!(known_here.is_empty(), "{}", known_here.join("\n"));
    assert!(office.serving.stop().await.success());
}
