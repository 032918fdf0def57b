//! Who may do what.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::{
    office::Office,
    story::{Known, Step, story},
};

/// Written down from what the roles are for.
const WHO_MAY: &str = include_str!("who_may.txt");

const ROLES: [&str; 6] = ["admin", "manager", "accountant", "analyst", "owner", "tenant"];

type Operation = (String, String);

/// What the table says of each operation: the roles that may, or nothing where anyone may without a token.
fn table() -> BTreeMap<Operation, Option<BTreeSet<&'static str>>> {
    let mut rows = WHO_MAY
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    assert_eq!(rows.next().unwrap()[2..], ROLES);
    rows.map(|row| {
        let operation = (row[0].to_owned(), row[1].to_owned());
        if row[2] == "anyone" {
            return (operation, None);
        }
        let marked = ROLES.into_iter().zip(&row[2..]).filter(|(_, mark)| **mark == "x");
        (operation, Some(marked.map(|(role, _)| role).collect()))
    })
    .collect()
}

fn keys_where(public: bool) -> BTreeSet<Operation> {
    let rows = table().into_iter().filter(|(_, roles)| roles.is_none() == public);
    rows.map(|(operation, _)| operation).collect()
}

/// The operations that need a role.
pub fn protected() -> BTreeSet<Operation> {
    keys_where(false)
}

/// The operations that need no token.
pub fn public() -> BTreeSet<Operation> {
    keys_where(true)
}

/// The roles that may do this.
pub fn who_may(step: &Step) -> BTreeSet<&'static str> {
    let roles = table().remove(&step.operation()).flatten();
    roles.unwrap_or_else(|| panic!("{step} is not in the table"))
}

#[tokio::test]
async fn a_role_may_do_what_the_table_says_and_nothing_else() {
    let office = Office::open().await;
    let mut teller = office.organization("Lakeside").await;
    let someone = Uuid::from_u128(7).to_string();
    let mut tokens = BTreeMap::new();
    for role in ROLES {
        let resident = (role == "tenant").then_some(someone.as_str());
        tokens.insert(role, office.token(&teller.organization, role, resident).await);
    }
    for step in story() {
        let may = who_may(&step);
        let heads = office.heads().await;
        for (role, token) in &tokens {
            if may.contains(role) {
                let answer = teller.ask(&harmless(&step), &nowhere(&teller.known), token).await;
                assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "as {role}: {answer}");
                assert_ne!(answer.status, StatusCode::FORBIDDEN, "as {role}: {answer}");
                assert!(!answer.status.is_server_error(), "as {role}: {answer}");
            } else {
                let answer = teller.ask(&step, &teller.known, token).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "as {role}: {answer}");
                answer.field_at_fault();
            }
        }
        assert_eq!(office.heads().await, heads, "{step} wrote something");
        let answer = teller.tell(&step).await;
        for role in may.iter().filter(|role| !step.is_command() && **role != "tenant") {
            let read = teller.ask(&step, &teller.known, &tokens[role]).await;
            assert_eq!(read.text, answer.text, "{role} reads {step}");
        }
    }
    assert!(office.serving.stop().await.success());
}

/// The same step, but with nothing in it that could be carried out.
fn harmless(step: &Step) -> Step {
    Step {
        method: step.method.clone(),
        path: step.path,
        body: step.body.as_ref().map(|_| json!({"rubbish": true})),
        keeps: vec![],
    }
}

/// The same things, but none of them exists.
fn nowhere(known: &Known) -> Known {
    known.all(&Uuid::from_u128(0xabcde).to_string())
}
