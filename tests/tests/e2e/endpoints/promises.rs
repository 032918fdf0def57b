//! What holds for every command: repeated it is carried out once, and under a condition only while that holds.

use reqwest::{StatusCode, header};
use serde_json::json;
use uuid::Uuid;

use super::{
    office::{Answer, Office, POSITION, Teller},
    story::{Step, story},
};

const KEY: &str = "idempotency-key";

async fn send(teller: &Teller<'_>, step: &Step, headers: &[(&str, &str)]) -> Answer {
    let mut request = teller.request(step, &teller.known).bearer_auth(&teller.token);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::to(request, step).await
}

#[tokio::test]
async fn a_repeated_command_is_answered_as_at_first_and_carried_out_once() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    let mut used: Option<String> = None;
    for (number, step) in (1..).zip(story()) {
        if !step.is_command() {
            teller.tell(&step).await;
            continue;
        }
        let heads = office.heads().await;
        if let Some(used) = &used {
            let reused = send(&teller, &step, &[(KEY, used)]).await;
            assert_eq!(reused.status, StatusCode::UNPROCESSABLE_ENTITY, "{reused}");
            assert_eq!(reused.field_at_fault(), "Idempotency-Key", "{reused}");
            assert_eq!(office.heads().await, heads, "{step} under a used key wrote something");
        }
        let key = Uuid::from_u128(number).to_string();
        let first = send(&teller, &step, &[(KEY, &key)]).await;
        assert!(first.status.is_success(), "{first}");
        let heads = office.heads().await;
        let again = send(&teller, &step, &[(KEY, &key)]).await;
        assert_eq!((again.status, &again.text), (first.status, &first.text), "{step}");
        for name in [KEY, "etag", POSITION.as_str()] {
            assert_eq!(again.header(name), first.header(name), "{name} of {step}");
        }
        let location = |answer: &Answer| answer.headers.get(header::LOCATION).cloned();
        assert_eq!(location(&again), location(&first), "{step}");
        assert_eq!(office.heads().await, heads, "{step} was carried out twice");
        teller.keep(&step, &first);
        used = Some(key);
    }
    assert!(office.serving.stop().await.success());
}

#[tokio::test]
async fn a_command_under_a_condition_is_carried_out_only_while_it_holds() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    for step in story()
        .iter()
        .filter(|step| step.is_command() || !step.keeps.is_empty())
    {
        if step.is_command() {
            let heads = office.heads().await;
            let stale = send(&teller, step, &[("if-match", "\"999999\"")]).await;
            assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED, "{stale}");
            assert_eq!(stale.field_at_fault(), "If-Match", "{stale}");
            for malformed in ["W/\"1\"", "\"one\"", "\"1\", \"2\"", "", "\"-1\""] {
                let refused = send(&teller, step, &[("if-match", malformed)]).await;
                assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{malformed}: {refused}");
                assert_eq!(refused.field_at_fault(), "If-Match", "{malformed}: {refused}");
            }
            let no_key = send(&teller, step, &[(KEY, "seven")]).await;
            assert_eq!(no_key.status, StatusCode::BAD_REQUEST, "{no_key}");
            assert_eq!(no_key.field_at_fault(), "Idempotency-Key", "{no_key}");
            assert_eq!(office.heads().await, heads, "{step} wrote something");
        }
        teller.tell(step).await;
    }
    assert!(office.serving.stop().await.success());
}

/// A property, the command that renames it, and its present `ETag`, as a detail shows it.
async fn property(teller: &mut Teller<'_>) -> (String, String) {
    let create = &story()[0];
    teller.tell(create).await;
    let url = teller
        .office
        .serving
        .at(&teller.known.fill("/api/properties/{property}"));
    let detail = teller.office.serving.http().get(&url).bearer_auth(&teller.token);
    let detail = detail.header(POSITION, teller.position.as_ref().unwrap());
    let shown = Answer::to(detail, "the property").await;
    (url, shown.header("etag").to_owned())
}

async fn rename(teller: &Teller<'_>, url: &str, name: &str, headers: &[(&str, &str)]) -> Answer {
    let mut body = story()[0].body.clone().unwrap();
    body["name"] = json!(name);
    let mut request = teller
        .office
        .serving
        .http()
        .put(url)
        .bearer_auth(&teller.token)
        .json(&body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::to(request, format!("rename to {name}")).await
}

#[tokio::test]
async fn what_was_shown_can_be_changed_once() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    let (url, shown) = property(&mut teller).await;
    let key = Uuid::from_u128(7).to_string();
    let headers = [("if-match", shown.as_str()), (KEY, key.as_str())];
    let first = rename(&teller, &url, "Oak Court", &headers).await;
    assert_eq!(first.status, StatusCode::OK, "{first}");
    assert_ne!(first.header("etag"), shown);
    let other = rename(&teller, &url, "Ash Court", &headers[..1]).await;
    assert_eq!(other.status, StatusCode::PRECONDITION_FAILED, "{other}");
    assert!(
        other.text.contains(&first.header("etag").replace('"', "\\\"")),
        "{other}"
    );
    let again = rename(&teller, &url, "Oak Court", &headers).await;
    assert_eq!(
        again.text, first.text,
        "a retry is answered before its condition is looked at"
    );
    let other_body = rename(&teller, &url, "Ash Court", &[(KEY, &key)]).await;
    assert_eq!(other_body.status, StatusCode::UNPROCESSABLE_ENTITY, "{other_body}");
    assert_eq!(other_body.field_at_fault(), "Idempotency-Key");
    let newest = rename(&teller, &url, "Ash Court", &[("if-match", first.header("etag"))]).await;
    assert_eq!(newest.status, StatusCode::OK, "{newest}");
    let whatever = rename(&teller, &url, "Fir Court", &[("if-match", "*")]).await;
    assert_eq!(whatever.status, StatusCode::OK, "{whatever}");
    assert!(office.serving.stop().await.success());
}

#[tokio::test]
async fn of_many_who_saw_the_same_one_can_change_it() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    let (url, shown) = property(&mut teller).await;
    let names: Vec<_> = (0..16).map(|number| format!("Court {number}")).collect();
    let condition = [("if-match", shown.as_str())];
    let all = names.iter().map(|name| rename(&teller, &url, name, &condition));
    let answers = futures::future::join_all(all).await;
    let with = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(StatusCode::OK), with(StatusCode::PRECONDITION_FAILED)), (1, 15));
    assert!(office.serving.stop().await.success());
}
