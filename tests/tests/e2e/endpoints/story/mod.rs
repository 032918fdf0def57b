//! A story that an office could live through, in which every operation of the API is carried out at least once, on things of
//! its own organization that exist and are in the right state for it. Tests tell it, and try at each step what must not work.

mod leases;
mod money;
mod places;
mod repairs;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

pub use leases::usd;
use reqwest::Method;
use serde_json::Value;

/// A request of the story, with names of things in braces where their ids belong: `/api/leases/{lease}`.
pub struct Step {
    pub method: Method,
    /// Path and query.
    pub path: &'static str,
    pub body: Option<Value>,
    /// What later steps need of the answer: the name of a thing, and where its id stands in there.
    pub keeps: Vec<(&'static str, &'static str)>,
}

/// The whole story. It begins in an organization without properties.
pub fn story() -> Vec<Step> {
    [
        places::steps(),
        leases::steps(),
        money::steps(),
        repairs::steps(),
        leases::end(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn step(method: Method, path: &'static str, body: Option<Value>) -> Step {
    Step {
        method,
        path,
        body,
        keeps: vec![],
    }
}

pub fn get(path: &'static str) -> Step {
    step(Method::GET, path, None)
}

pub fn post(path: &'static str, body: Value) -> Step {
    step(Method::POST, path, Some(body))
}

pub fn put(path: &'static str, body: Value) -> Step {
    step(Method::PUT, path, Some(body))
}

pub fn delete(path: &'static str) -> Step {
    step(Method::DELETE, path, None)
}

impl Step {
    /// The thing that begins with it goes by this name from now on.
    pub fn keep(self, name: &'static str) -> Self {
        self.keep_at(name, "/id")
    }

    /// What stands there in the answer goes by this name from now on.
    fn keep_at(mut self, name: &'static str, pointer: &'static str) -> Self {
        self.keeps.push((name, pointer));
        self
    }

    /// Whether it changes something.
    pub fn is_command(&self) -> bool {
        self.method != Method::GET
    }

    /// The operation of the OpenAPI document that this is.
    pub fn operation(&self) -> (String, String) {
        let path = self.path.split('?').next().unwrap_or_default();
        let parts = path.split('/').map(|part| match part {
            "{code}" => part,
            named if named.starts_with('{') => "{id}",
            fixed => fixed,
        });
        (self.method.to_string(), parts.collect::<Vec<_>>().join("/"))
    }

    /// The names of the things that it is about, each once.
    pub fn things(&self) -> BTreeSet<String> {
        let text = format!("{}{}", self.path, self.body.as_ref().unwrap_or(&Value::Null));
        let in_braces = text.split('{').filter_map(|rest| rest.split_once('}'));
        in_braces
            .map(|(name, _)| name.to_owned())
            // A body has braces of its own.
            .filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
            .collect()
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Which ids the things of the story have.
#[derive(Debug, Clone, Default)]
pub struct Known(BTreeMap<String, String>);

impl Known {
    pub fn learn(&mut self, name: &str, id: impl fmt::Display) {
        self.0.insert(name.to_owned(), id.to_string());
    }

    /// The same, but with this id under this name.
    pub fn with(&self, name: &str, id: &str) -> Self {
        let mut other = self.clone();
        other.learn(name, id);
        other
    }

    /// The same, but everything has this id.
    pub fn all(&self, id: &str) -> Self {
        Self(self.0.keys().map(|name| (name.clone(), id.to_owned())).collect())
    }

    pub fn id(&self, name: &str) -> &str {
        self.0
            .get(name)
            .unwrap_or_else(|| panic!("the story has no {name} yet"))
    }

    pub fn ids(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, id)| (name.as_str(), id.as_str()))
    }

    /// A path with the ids in it.
    pub fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, id) in &self.0 {
            filled = filled.replace(&format!("{{{name}}}"), id);
        }
        filled
    }

    /// A body with the ids in it.
    pub fn fill_body(&self, body: &Value) -> Value {
        match body {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_body(item)).collect(),
            Value::Object(fields) => {
                let filled = fields.iter().map(|(name, value)| (name.clone(), self.fill_body(value)));
                Value::Object(filled.collect())
            }
            other => other.clone(),
        }
    }
}
