//! A value that a schema allows: the same one each time, with every field that there can be.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::schema::definition_name;

/// Marks personal data. On the wire it is sealed, so that its value is no part of a sample.
const PERSONAL: &str = "$personal";

/// A sample of what a schema describes.
pub(super) fn of(schema: &Value) -> Value {
    Sampler {
        definitions: &schema["$defs"],
    }
    .sample(schema, "")
}

struct Sampler<'s> {
    definitions: &'s Value,
}

impl Sampler<'_> {
    /// `path` is where the value stands: it makes ids of different fields different.
    fn sample(&self, schema: &Value, path: &str) -> Value {
        if let Some(example) = schema["examples"].get(0) {
            return example.clone();
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(value) = schema["enum"].get(0) {
            return value.clone();
        }
        if let Some(name) = schema["$ref"].as_str().and_then(definition_name) {
            return self.sample(&self.definitions[name], path);
        }
        // Of alternatives the first: `null` stands last where a value may be absent.
        if let Some(first) = schema["anyOf"].get(0).or_else(|| schema["oneOf"].get(0)) {
            return self.sample(first, path);
        }
        match kind(&schema["type"]) {
            Some("object") => self.object(schema, path),
            Some("array") => json!([self.sample(&schema["items"], &format!("{path}/0"))]),
            Some("string") => text(schema["format"].as_str(), path),
            Some("integer" | "number") => json!(schema["minimum"].as_i64().unwrap_or(1).max(1)),
            Some("boolean") => json!(true),
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &Value, path: &str) -> Value {
        let sealed = path.ends_with(PERSONAL);
        let fields = schema["properties"].as_object().into_iter().flatten();
        let sampled: Map<_, _> = fields
            .filter(|(name, _)| !(sealed && *name == "value"))
            .map(|(name, field)| (name.clone(), self.sample(field, &format!("{path}/{name}"))))
            .collect();
        sampled.into()
    }
}

/// The one type, or the first of several: `null` stands last where a value may be absent.
fn kind(kind: &Value) -> Option<&str> {
    kind.as_str().or_else(|| kind[0].as_str())
}

fn text(format: Option<&str>, path: &str) -> Value {
    match format {
        Some("uuid") => json!(Uuid::new_v5(&Uuid::NAMESPACE_OID, path.as_bytes())),
        Some("date") => json!("2026-06-01"),
        Some("date-time") => json!("2026-06-01T15:00:00Z"),
        _ => json!("text"),
    }
}
