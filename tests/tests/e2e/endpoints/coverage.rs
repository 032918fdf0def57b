//! The lists that must be complete are.

use std::collections::BTreeSet;

use tests::Installation;

use super::{roles, story::story};
use crate::PROPERTYOS;

/// The original description's endpoints that exist so far.
const DESCRIBED: &str = include_str!("described.tsv");

/// Those that the system needs beyond the description.
const NAMED: &str = include_str!("named.tsv");

type Operation = (String, String);

fn listed(table: &str) -> BTreeSet<Operation> {
    let rows = table.lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>());
    rows.map(|row| (row[1].to_owned(), row[2].to_owned())).collect()
}

async fn documented() -> BTreeSet<Operation> {
    let printed = Installation::new(PROPERTYOS).output(&["openapi"]).await;
    let document: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
        methods.map(|method| (method, path.clone()))
    });
    operations.collect()
}

fn walked() -> BTreeSet<Operation> {
    story().iter().map(super::story::Step::operation).collect()
}

#[tokio::test]
async fn every_endpoint_of_the_description_is_documented() {
    let documented = documented().await;
    let missing = |table| listed(table).difference(&documented).cloned().collect::<Vec<_>>();
    assert_eq!(missing(DESCRIBED), []);
    assert_eq!(missing(NAMED), []);
}

#[tokio::test]
async fn every_documented_operation_is_walked_and_has_its_roles() {
    let documented = documented().await;
    let (public, protected): (BTreeSet<_>, BTreeSet<_>) =
        documented.into_iter().partition(|(_, path)| !path.starts_with("/api/"));
    assert_eq!(walked(), protected);
    assert_eq!(roles::protected(), protected);
    assert_eq!(roles::public(), public);
}
