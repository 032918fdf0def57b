//! What operators see from a terminal.

use std::{process::Stdio, time::Duration};

use schemas::DomainEvent;
use serde_json::{Value, json};
use tests::{Installation, Serving};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    time::timeout,
};

use crate::processes::{database, migrated, until};

/// No line is waited for longer.
const LIMIT: Duration = Duration::from_mins(1);

/// Adds a vendor to the only organization.
async fn add_vendor(installation: &Installation, api: &Serving, name: &str) {
    let token = installation.output(&["token", "--role", "admin"]).await;
    let post = api.http().post(api.at("/api/maintenance/vendors")).bearer_auth(token);
    let answer = post.json(&json!({"name": name})).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
}

async fn status(installation: &Installation) -> Value {
    serde_json::from_str(&installation.output(&["status", "--json"]).await).unwrap()
}

#[tokio::test]
async fn the_status_says_who_works_on_what_and_how_far_it_is() {
    let installation = migrated().await;
    let founded = status(&installation).await;
    let events = founded["log"]["events"].as_i64().unwrap();
    assert!(events > 0, "{founded}");
    let heads = founded["log"]["heads"].as_array().unwrap();
    assert_eq!(heads.iter().filter_map(Value::as_i64).sum::<i64>(), events);
    for nothing in ["projections", "nodes", "leases", "parked"] {
        assert_eq!(founded[nothing], json!([]), "{nothing}");
    }
    assert_eq!(founded["relay"], Value::Null);

    let mut database = database(&installation).await;
    let api = installation.start(&["api"], &[]).await;
    let ledger = installation.start(&["project", "ledger"], &[]).await;
    let read = "SELECT coalesce(sum(position), 0)::bigint FROM checkpoints WHERE projection = 'ledger'";
    until(&mut database, read, events).await;
    let indexed = "SELECT coalesce(sum(p), 0)::bigint FROM nodes, unnest(positions) AS p";
    until(&mut database, indexed, events).await;
    let working = status(&installation).await;
    let reader = &working["projections"][0];
    let expected = json!({"name": "ledger", "version": 2, "active": true, "eventsBehind": 0, "secondsBehind": 0.0,
                          "parked": 0, "processes": 1});
    assert_eq!(reader, &expected);
    let node = &working["nodes"][0];
    assert_eq!((&node["name"], &node["eventsBehind"]), (&json!("search"), &json!(0)));
    assert_eq!(node["url"], json!(api.at("")));
    let lease = &working["leases"][0];
    assert_eq!(
        (&lease["name"], lease["shards"].as_array().unwrap().len()),
        (&json!("ledger"), 16)
    );
    assert!(
        (0.0..=15.0).contains(&lease["secondsLeft"].as_f64().unwrap()),
        "{lease}"
    );

    assert!(ledger.stop().await.success());
    add_vendor(&installation, &api, "Nguyen Plumbing").await;
    let behind = status(&installation).await;
    let reader = &behind["projections"][0];
    assert_eq!((&reader["eventsBehind"], &reader["processes"]), (&json!(1), &json!(0)));
    assert!(reader["secondsBehind"].as_f64().unwrap() > 0.0, "{reader}");
    assert_eq!(behind["leases"], json!([]), "what was stopped holds nothing");

    let page = installation.output(&["status"]).await;
    assert!(page.contains(&format!("{} events", events + 1)), "{page}");
    assert!(page.contains("ledger v2      1 events, "), "{page}");
    assert!(
        page.contains(&api.at("")) && page.contains("RELAY    never ran"),
        "{page}"
    );
    assert!(api.stop().await.success());
    assert_eq!(
        status(&installation).await["nodes"],
        json!([]),
        "it has said that it goes"
    );
}

#[tokio::test]
async fn a_metric_tells_how_far_a_node_is() {
    let installation = migrated().await.with("PROPERTYOS_LEASE", "1s");
    let node = installation.start(&["project", "search"], &[]).await;
    let begun = tokio::time::Instant::now();
    loop {
        let metrics = node
            .http()
            .get(node.at("/metrics"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        if metrics.contains(r#"propertyos_projection_lag_events{projection="search",version="1"} 0"#) {
            break;
        }
        assert!(begun.elapsed() < LIMIT, "{metrics}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(node.stop().await.success());
}

#[tokio::test]
async fn events_are_told_by_organization_and_from_when_one_asks() {
    let installation = migrated().await;
    let other = installation.output(&["org", "create", "Hillside"]).await;
    let all = installation.output(&["events", "--json"]).await;
    let all: Vec<DomainEvent> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let total = status(&installation).await["log"]["events"].as_i64().unwrap();
    assert_eq!(i64::try_from(all.len()).unwrap(), total);
    for event in &all {
        let before = all
            .iter()
            .filter(|other| (other.shard, other.epoch) == (event.shard, event.epoch));
        let position = before.take_while(|other| other.id != event.id).count();
        assert_eq!(
            event.position,
            i64::try_from(position).unwrap() + 1,
            "each shard in its order"
        );
    }

    let ours = installation.output(&["events", "--organization", &other]).await;
    let of_other = all.iter().filter(|event| event.tenant_id.to_string() == other).count();
    assert_eq!(ours.lines().count(), of_other);
    assert!(
        ours.lines().all(|line| line.contains(&other)) && ours.contains("organization.created"),
        "{ours}"
    );

    assert_eq!(installation.output(&["events", "--from", "now"]).await, "");
    let last = all.iter().map(|event| event.timestamp).max().unwrap();
    let late = installation
        .output(&["events", "--json", "--from", &last.to_rfc3339()])
        .await;
    let late: Vec<DomainEvent> = late.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!late.is_empty() && late.iter().all(|event| event.timestamp == last));
}

#[tokio::test]
async fn events_are_followed_as_they_are_recorded() {
    let installation = migrated().await;
    let mut follower = installation.command(&["events", "--follow", "--from", "now"]);
    let mut follower = follower.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    // It may not have begun yet: another organization until one is seen.
    let line = loop {
        installation.output(&["org", "create", "Hillside"]).await;
        if let Ok(line) = timeout(Duration::from_secs(2), lines.next_line()).await {
            break line.unwrap().unwrap();
        }
        assert!(follower.try_wait().unwrap().is_none(), "it has ended");
    };
    assert!(line.contains("organization.created"), "{line}");
    follower.kill().await.unwrap();
}
