//! Whatever makes no sense in an address is refused with the name of what is at fault, and nothing is written.

use reqwest::StatusCode;
use serde_json::Value;

use super::{
    office::{Answer, Office},
    story::{Known, Step, story},
};

#[tokio::test]
async fn what_makes_no_sense_in_an_address_is_refused_by_name_and_writes_nothing() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    let document = office.document().await;
    let mut wrong = vec![];
    for step in story() {
        let heads = office.heads().await;
        let mut attempts = spoiled_paths(&step, &teller.known);
        attempts.extend(spoiled_queries(&step, &teller.known, &document));
        for (address, field) in attempts {
            let url = office.serving.at(&address);
            let mut request = office.serving.http().request(step.method.clone(), url);
            if let Some(body) = &step.body {
                request = request.json(&teller.known.fill_body(body));
            }
            let answer = Answer::to(request.bearer_auth(&teller.token), &address).await;
            let refused = [StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY].contains(&answer.status);
            if !refused || answer.field_at_fault() != field {
                wrong.push(format!("`{field}` of {} {answer}", step.method));
            }
        }
        assert_eq!(office.heads().await, heads, "{step} wrote something");
        teller.tell(&step).await;
    }
    assert!(wrong.is_empty(), "{} of:\n{}", wrong.len(), wrong.join("\n"));
    assert!(office.serving.stop().await.success());
}

/// The path of a step with what is no id in place of the id.
fn spoiled_paths(step: &Step, known: &Known) -> Vec<(String, String)> {
    let path = step.path.split('?').next().unwrap_or_default();
    let named = path.split(['{', '}']).nth(1).filter(|name| *name != "code");
    let Some(name) = named else { return vec![] };
    let id = known.id(name);
    [
        "no-id",
        "7",
        "%00",
        "..%2f..",
        &id.replace('-', ""),
        &format!("%7B{id}%7D"),
        &id[1..],
    ]
    .into_iter()
    .map(|bad| (known.with(name, bad).fill(path), "id".to_owned()))
    .collect()
}

/// A step with one parameter more that makes no sense.
fn spoiled_queries(step: &Step, known: &Known, document: &Value) -> Vec<(String, String)> {
    let (method, path) = step.operation();
    let address = known.fill(step.path.split('?').next().unwrap());
    let parameters = document["paths"][path][method.to_lowercase()]["parameters"].as_array();
    let of_query: Vec<_> = parameters
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "query")
        .collect();
    let mut attempts = vec![];
    for parameter in &of_query {
        let name = parameter["name"].as_str().unwrap();
        for bad in in_place_of(&parameter["schema"]) {
            attempts.push((format!("{address}?{name}={bad}"), name.to_owned()));
        }
        attempts.push((format!("{address}?{name}=%00"), name.to_owned()));
    }
    if let Some(parameter) = of_query.first() {
        let name = parameter["name"].as_str().unwrap();
        attempts.push((format!("{address}?rubbish=1"), "rubbish".to_owned()));
        attempts.push((format!("{address}?{name}&{name}"), name.to_owned()));
    }
    attempts
}

/// What can't be the value of a parameter.
fn in_place_of(schema: &Value) -> &'static [&'static str] {
    if schema["$ref"].is_string() {
        return &["", "no-id", "7"];
    }
    if schema["enum"].is_array() {
        return &["", "rubbish"];
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("integer"), _) => &["", "many", "-1", "1.5", "99999999999999999999"],
        (_, Some("date")) => &["", "soon", "2026-02-30", "0001-01-01", "9999-12-31"],
        _ => &[],
    }
}
