//! The schema of one event out of that of its aggregate.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// The schema of an event's payload, with only those definitions that it uses; `None` if its aggregate doesn't have it.
pub(super) fn of_event(of_aggregate: &Value, event_type: &str, version: u32) -> Option<Value> {
    let variant = of_aggregate["oneOf"]
        .as_array()?
        .iter()
        .find(|variant| variant["properties"]["type"]["const"] == event_type)?;
    let mut schema = variant.as_object()?.clone();
    schema.insert("$schema".into(), of_aggregate["$schema"].clone());
    schema.insert("title".into(), json!(format!("{event_type}, version {version}")));
    let definitions = used(variant, &of_aggregate["$defs"]);
    if !definitions.is_empty() {
        schema.insert("$defs".into(), definitions.into_iter().collect::<Map<_, _>>().into());
    }
    Some(schema.into())
}

/// The definitions that a schema refers to, and those that these refer to.
fn used(schema: &Value, definitions: &Value) -> BTreeMap<String, Value> {
    let mut used = BTreeMap::new();
    let mut wanted = BTreeSet::new();
    references(schema, &mut wanted);
    while let Some(name) = wanted.pop_first() {
        let definition = &definitions[&name];
        if used.insert(name, definition.clone()).is_none() {
            references(definition, &mut wanted);
        }
    }
    used
}

fn references(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(name) = map.get("$ref").and_then(Value::as_str).and_then(definition_name) {
                found.insert(name.to_owned());
            }
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// The name of the definition that a reference points to.
pub(super) fn definition_name(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/$defs/")
}
