//! The committed contract says what the code does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

use domain::registry::{AGGREGATES, Decoder};
use schemas::contract::{self, EVENTS};
use serde_json::Value;

/// Every event with its version, and the type of its aggregate.
fn every_event() -> impl Iterator<Item = (&'static str, &'static str, u32)> {
    AGGREGATES
        .iter()
        .flat_map(|(aggregate, kinds)| kinds.iter().map(|(name, version)| (*aggregate, *name, *version)))
}

fn committed(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

fn json(path: &str) -> Value {
    let text = committed(path).unwrap_or_else(|| panic!("{path} is missing"));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn what_is_committed_is_what_the_code_generates() {
    let stale: Vec<_> = contract::files()
        .into_iter()
        .filter(|(path, content)| committed(path).as_ref() != Some(content))
        .map(|(path, _)| path)
        .collect();
    assert!(
        stale.is_empty(),
        "run `cargo run -p schemas --example generate` and commit: {stale:?}"
    );
}

#[test]
fn every_event_has_its_files_and_no_file_is_of_an_unknown_event() {
    let names: BTreeSet<_> = every_event().map(|(_, name, _)| name).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(EVENTS);
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let name = names.iter().find(|name| file.starts_with(&format!("{name}.v")));
        assert!(name.is_some(), "{file} is of no event that the registry knows");
        found.insert(file);
    }
    for (_, name, version) in every_event() {
        for what in ["schema", "sample"] {
            let file = format!("{name}.v{version}.{what}.json");
            assert!(found.contains(&file), "{file} is missing");
        }
    }
}

#[test]
fn every_sample_keeps_its_schema_and_is_read_as_its_event() {
    let decoder = Decoder::default();
    for (aggregate, name, version) in every_event() {
        let sample = json(&contract::path(name, version, "sample"));
        let schema = json(&contract::path(name, version, "schema"));
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap();
        let faults: Vec<_> = validator.iter_errors(&sample).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
        let event = decoder.decode(aggregate, name, version, &sample.to_string());
        assert_eq!(event.unwrap().name(), name);
    }
}

/// Personal data leaves the log sealed, so a sample shows it that way.
#[test]
fn no_sample_shows_personal_data_in_the_clear() {
    let sample = json(&contract::path("tenant.created", 1, "sample"));
    let name = &sample["name"]["$personal"];
    assert!(name["sealed"].is_string() && name["person"].is_string());
    assert_eq!(name.get("value"), None);
}

#[test]
fn a_schema_refuses_what_its_event_can_not_be() {
    let schema = json(&contract::path("vendor.blocked", 1, "schema"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let fits = |payload: &str| validator.is_valid(&serde_json::from_str(payload).unwrap());
    assert!(fits(r#"{"type":"vendor.blocked","reason":"late"}"#));
    assert!(!fits(r#"{"type":"vendor.unblocked","reason":"late"}"#));
    assert!(!fits(r#"{"type":"vendor.blocked"}"#));
    assert!(!fits(r#"{"type":"vendor.blocked","reason":7}"#));
}
