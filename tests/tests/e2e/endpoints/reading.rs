//! What holds for every question: it sees what it has to see, and long answers come in pages.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};

use super::{
    office::{Answer, Office, POSITION, Teller},
    story::story,
};

async fn get(teller: &Teller<'_>, path: &str, position: Option<&str>) -> Answer {
    let request = teller.office.serving.http().get(teller.office.serving.at(path));
    let request = match position {
        Some(position) => request.header(POSITION, position),
        None => request,
    };
    Answer::to(request.bearer_auth(&teller.token), path).await
}

/// Takes a property under management, and says where that left the log.
async fn another_property(teller: &Teller<'_>, name: &str) -> String {
    let mut body = story()[0].body.clone().unwrap();
    body["name"] = json!(name);
    let request = teller
        .office
        .serving
        .http()
        .post(teller.office.serving.at("/api/properties"));
    let answer = Answer::to(request.bearer_auth(&teller.token).json(&body), name).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer}");
    answer.body["position"].as_str().unwrap().to_owned()
}

fn names(answer: &Answer) -> Vec<String> {
    let items = answer.body["items"]
        .as_array()
        .unwrap_or_else(|| panic!("no items in {answer}"));
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_question_with_a_position_shows_what_was_written_before_it() {
    let office = Office::open().await;
    let teller = office.organization("Lakeside").await;
    for number in 0..30 {
        let name = format!("Court {number:02}");
        let position = another_property(&teller, &name).await;
        let list = get(&teller, "/api/properties", Some(&position)).await;
        assert!(names(&list).contains(&name), "{name} is not in {list}");
        let found = get(
            &teller,
            &format!("/api/search?q={number:02}&kind=property"),
            Some(&position),
        )
        .await;
        assert_eq!(found.body["items"][0]["title"], name, "{found}");
    }
    assert!(office.serving.stop().await.success());
}

#[tokio::test]
async fn a_question_is_told_how_far_behind_its_read_model_is_and_waits_no_longer_than_it_must() {
    let office = Office::with(&[("PROPERTYOS_READ_WAIT", "300ms")]).await;
    let teller = office.organization("Lakeside").await;
    let seen = another_property(&teller, "Elm Court").await;
    assert_eq!(
        names(&get(&teller, "/api/properties", Some(&seen)).await),
        ["Elm Court"]
    );

    let mut holds = office.installation.database().unwrap().superuser().await;
    let mut held = holds.begin().await.unwrap();
    // Whoever reads passes, whoever writes waits.
    held.execute("LOCK TABLE directory_v2.entries IN EXCLUSIVE MODE")
        .await
        .unwrap();
    another_property(&teller, "Oak Court").await;
    let position = another_property(&teller, "Ash Court").await;
    let behind = get(&teller, "/api/properties", Some(&position)).await;
    assert_eq!(behind.status, StatusCode::SERVICE_UNAVAILABLE, "{behind}");
    assert_eq!(
        behind.body["type"], "urn:propertyos:problem:read-model-behind",
        "{behind}"
    );
    assert!(
        behind.body["detail"].as_str().unwrap().contains("2 events behind"),
        "{behind}"
    );
    assert_eq!(behind.header("retry-after"), "1");
    assert_eq!(names(&get(&teller, "/api/properties", None).await), ["Elm Court"]);
    assert_eq!(
        names(&get(&teller, "/api/properties", Some(&seen)).await),
        ["Elm Court"]
    );

    held.rollback().await.unwrap();
    let mut list = get(&teller, "/api/properties", Some(&position)).await;
    while list.status == StatusCode::SERVICE_UNAVAILABLE {
        list = get(&teller, "/api/properties", Some(&position)).await;
    }
    assert_eq!(names(&list), ["Ash Court", "Elm Court", "Oak Court"]);
    assert!(office.serving.stop().await.success());
}

#[tokio::test]
async fn a_position_of_another_log_is_refused() {
    let office = Office::open().await;
    let (ours, theirs) = (
        office.organization("Lakeside").await,
        office.organization("Riverside").await,
    );
    let position = another_property(&theirs, "Elm Court").await;
    for foreign in [position.as_str(), "", "7", "AAAA"] {
        for path in [
            "/api/properties",
            "/api/search?q=elm",
            "/api/ledger/trial-balance",
            "/api/analytics/dashboard",
        ] {
            let answer = get(&ours, path, Some(foreign)).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{foreign}: {answer}");
            assert_eq!(answer.field_at_fault(), "PropertyOS-Position", "{answer}");
        }
    }
    assert!(office.serving.stop().await.success());
}

/// Every page of a list, by following its links.
async fn pages(teller: &Teller<'_>, path: &str) -> Vec<Value> {
    let mut pages = vec![];
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let answer = get(teller, &path, teller.position.as_deref()).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer}");
        next = answer.body["next"].as_str().map(str::to_owned);
        let link = answer.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
        if path.starts_with("/api/search") {
            assert_eq!(link, None, "{answer}");
        } else {
            assert_eq!(
                link,
                next.as_ref().map(|next| format!("<{next}>; rel=\"next\"")),
                "{answer}"
            );
        }
        pages.push(answer.body);
    }
    pages
}

#[tokio::test]
async fn the_pages_of_a_list_have_everything_once_in_its_order() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    for number in 0..7 {
        teller.position = Some(another_property(&teller, &format!("Court {number}")).await);
    }
    let whole = names(&get(&teller, "/api/properties?limit=200", teller.position.as_deref()).await);
    assert_eq!(whole.len(), 7);
    for limit in 1..=8 {
        let found = pages(&teller, &format!("/api/properties?status=active&limit={limit}")).await;
        assert_eq!(found.len(), 7_usize.div_ceil(limit), "pages of {limit}");
        let in_pages: Vec<_> = found
            .iter()
            .flat_map(|page| page["items"].as_array().unwrap())
            .collect();
        let in_pages: Vec<_> = in_pages.iter().map(|item| item["name"].as_str().unwrap()).collect();
        assert_eq!(in_pages, whole, "pages of {limit}");
    }
    let found = pages(&teller, "/api/search?q=court&limit=3").await;
    let ids: BTreeSet<_> = found
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!((found.len(), ids.len()), (3, 7));
    for limit in ["0", "201", "-1"] {
        let answer = get(&teller, &format!("/api/properties?limit={limit}"), None).await;
        assert_eq!(
            (answer.status, answer.field_at_fault()),
            (StatusCode::BAD_REQUEST, "limit"),
            "{answer}"
        );
    }
    for cursor in ["", "soon", "bnVsbA", "e30"] {
        for path in ["/api/properties", "/api/ledger/accounts/1200"] {
            let answer = get(&teller, &format!("{path}?cursor={cursor}"), None).await;
            let told = (answer.status, answer.field_at_fault());
            assert_eq!(told, (StatusCode::UNPROCESSABLE_ENTITY, "cursor"), "{answer}");
        }
    }
    assert!(office.serving.stop().await.success());
}

/// The reports of the books, where their lines stand in the JSON, and an amount of them: its field and its column.
const REPORTS: [(&str, &str, &str, &str); 5] = [
    (
        "/api/ledger/trial-balance?asOf=2026-03-31",
        "accounts",
        "debit",
        "Debit",
    ),
    ("/api/ledger/accounts/1200?to=2026-03-31", "movements", "debit", "Debit"),
    (
        "/api/ledger/rent-roll?asOf=2026-03-31",
        "units",
        "marketRent",
        "Market Rent",
    ),
    (
        "/api/ledger/aged-receivables?asOf=2026-03-31",
        "leases",
        "total",
        "Total",
    ),
    (
        "/api/ledger/leases/{lease}/statement?to=2026-03-31",
        "lines",
        "balance",
        "Balance",
    ),
];

#[tokio::test]
async fn a_report_says_the_same_as_a_table() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    for step in story() {
        teller.tell(&step).await;
    }
    for (report, lines, field, column) in REPORTS {
        let path = teller.known.fill(report);
        let shown = get(&teller, &path, teller.position.as_deref()).await;
        let lines = shown.body[lines]
            .as_array()
            .unwrap_or_else(|| panic!("no {lines} in {shown}"));
        assert!(!lines.is_empty(), "{shown}");
        let amounts: Vec<_> = lines.iter().map(|line| in_full(&line[field])).collect();
        let table = get(&teller, &format!("{path}&format=csv"), None).await;
        assert_eq!(table.header("content-type"), "text/csv; charset=utf-8", "{table}");
        assert_eq!(column_of(&table.text, column), amounts, "{column} in {table}");
    }
    assert!(office.serving.stop().await.success());
}

/// An amount as tables have it.
fn in_full(amount: &Value) -> String {
    match amount["minor"].as_i64() {
        Some(minor) => format!(
            "{}{}.{:02}",
            if minor < 0 { "-" } else { "" },
            minor.abs() / 100,
            minor.abs() % 100
        ),
        None => String::new(),
    }
}

/// What a column of a table has, below its name. No name of the story has a comma.
fn column_of(table: &str, name: &str) -> Vec<String> {
    let mut rows = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = rows.next().unwrap();
    let place = names.iter().position(|column| *column == name);
    let place = place.unwrap_or_else(|| panic!("no column {name} in {names:?}"));
    rows.map(|row| {
        assert_eq!(row.len(), names.len(), "{row:?}");
        row[place].to_owned()
    })
    .collect()
}
