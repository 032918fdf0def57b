//! The contract as files: for every event the JSON Schema of its payload and a sample, and the schema of the envelope.
//!
//! They are generated from `domain` and committed: `cargo run -p schemas --example generate` writes them, and a test fails
//! while they differ.

mod sample;
mod schema;

use std::collections::BTreeMap;

use domain::registry::{self, AGGREGATES};
use schemars::schema_for;
use serde_json::Value;

use crate::DomainEvent;

/// The folder that holds the files of the events.
pub const EVENTS: &str = "events";

/// Every file of the contract by its path in this crate's folder, with its content.
#[must_use]
pub fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let schemas = registry::schemas();
    for ((_, kinds), (_, of_aggregate)) in AGGREGATES.iter().zip(&schemas) {
        for (event_type, version) in *kinds {
            let Some(schema) = schema::of_event(of_aggregate.as_value(), event_type, *version) else {
                continue;
            };
            let sample = sample::of(&schema);
            files.insert(path(event_type, *version, "schema"), text(&schema));
            files.insert(path(event_type, *version, "sample"), text(&sample));
        }
    }
    let envelope = schema_for!(DomainEvent);
    files.insert("domain_event.schema.json".into(), text(envelope.as_value()));
    files
}

/// Where a file of an event lies: `what` is `schema` or `sample`.
#[must_use]
pub fn path(event_type: &str, version: u32, what: &str) -> String {
    format!("{EVENTS}/{event_type}.v{version}.{what}.json")
}

/// The same bytes for the same value, whatever order its maps keep.
fn text(value: &Value) -> String {
    format!("{:#}\n", sorted(value))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let by_name: BTreeMap<_, _> = map.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            Value::Object(by_name.into_iter().collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
