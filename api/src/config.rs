//! Settings: the environment over `propertyos.toml` over what `propertyos.toml` at the root of the sources says.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use streams::kafka::Broker;

/// The annotated file that ships with the sources: the value of every key that is set nowhere else.
const DEFAULTS: &str = include_str!("../../propertyos.toml");

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "propertyos.toml";

/// What the operator decides. The annotated `propertyos.toml` says what each key means.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "propertyos.toml documents them, for operators too")]
pub struct Config {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_url: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_url_streams: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database_url_owner: Option<Secret>,
    pub app_connections: u32,
    pub stream_connections: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search_dir: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kafka_brokers: Option<String>,
    pub kafka_topic: String,
    pub kafka_retention: Span,
    pub kafka_replication: u16,
    pub lease: Span,
    pub body_limit: usize,
    pub request_timeout: Span,
    pub read_wait: Span,
    pub shutdown_grace: Span,
    pub tick_every: Span,
    pub log: String,
    pub log_format: LogFormat,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otlp_endpoint: Option<String>,
}

/// Who reads the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Machines.
    Json,
    /// People.
    Text,
}

/// A length of time as people write it: `15s`, `1h 30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&humantime::format_duration(self.0))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text)
            .map(Self)
            .map_err(|error| D::Error::custom(format!("`{text}` is no length of time such as 15s or 1h: {error}")))
    }
}

/// A value that is shown nowhere.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The value itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(set)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(set)")
    }
}

/// Why the settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file can't be read, a key is not known, or a value makes no sense. Names the key.
    #[error(transparent)]
    Setting(#[from] config::ConfigError),
    /// A variable of the environment names no key.
    #[error("{variable} sets nothing: there is no setting `{key}`")]
    UnknownVariable {
        /// The variable.
        variable: String,
        /// The key that it would set.
        key: String,
    },
    /// One role of an outside database was given, but not those that every process signs in as.
    #[error("`{missing}` is not set: with a database of your own, every role that a process signs in as needs a URL")]
    MissingRole {
        /// The key that lacks.
        missing: &'static str,
    },
    /// A value is readable but can't be used.
    #[error("`{key}` {problem}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
}

impl Config {
    /// The settings that hold: `file`, or `propertyos.toml` if there is one, under the variables of the environment.
    ///
    /// # Errors
    /// Names the key that is unknown or has a bad value.
    pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let named = file.map(|file| config::File::from(file).format(config::FileFormat::Toml));
        let usual = config::File::new(DEFAULT_FILE, config::FileFormat::Toml).required(false);
        let mut builder = config::Config::builder()
            .add_source(config::File::from_str(DEFAULTS, config::FileFormat::Toml))
            .add_source(named.unwrap_or(usual));
        for (variable, value) in environment {
            let Some(key) = key_of(&variable) else { continue };
            // By OpenTelemetry's rules an empty one is as good as none.
            if variable.starts_with("OTEL_") && value.is_empty() {
                continue;
            }
            if !KEYS.contains(&key.as_str()) {
                return Err(ConfigError::UnknownVariable { variable, key });
            }
            builder = builder.set_override(key, value)?;
        }
        let settings = builder.build()?;
        serde_path_to_error::deserialize::<_, Self>(settings)
            .map_err(|error| {
                let key = error.path().to_string();
                match KEYS.iter().find(|known| **known == key) {
                    Some(known) => ConfigError::Value {
                        key: known,
                        problem: error.into_inner().to_string(),
                    },
                    None => ConfigError::Setting(error.into_inner()),
                }
            })?
            .checked()
    }

    /// The broker to stream through, if there is one.
    #[must_use]
    pub fn broker(&self) -> Option<Broker> {
        Some(Broker {
            servers: self.kafka_brokers.clone()?,
            topic: self.kafka_topic.clone(),
            retention: self.kafka_retention.0,
            replication: self.kafka_replication,
        })
    }

    fn checked(self) -> Result<Self, ConfigError> {
        let outside = [&self.database_url, &self.database_url_streams, &self.database_url_owner];
        let needed = [
            ("database_url", &self.database_url),
            ("database_url_streams", &self.database_url_streams),
        ];
        if outside.iter().any(|url| url.is_some())
            && let Some((missing, _)) = needed.iter().find(|(_, url)| url.is_none())
        {
            return Err(ConfigError::MissingRole { missing });
        }
        match self.problem() {
            Some((key, problem)) => Err(ConfigError::Value { key, problem }),
            None => Ok(self),
        }
    }

    /// What can be read and yet not be used: the first key with such a value.
    fn problem(&self) -> Option<(&'static str, String)> {
        let too_few = |count: u32| (count < 2).then(|| format!("is {count}: at least 2 are needed"));
        let no_brokers = |list: &String| {
            let all = list.split(',').all(is_host_and_port);
            (!all).then(|| format!("is `{list}`: write host:port, several with commas between"))
        };
        let no_endpoint = |url: &String| {
            let usable = url.starts_with("http://") && url.len() > "http://".len();
            (!usable).then(|| format!("is `{url}`: the collector is reached by a URL such as http://127.0.0.1:4318"))
        };
        let filter = self.log.parse::<tracing_subscriber::filter::Targets>();
        let problems = [
            ("app_connections", too_few(self.app_connections)),
            ("stream_connections", too_few(self.stream_connections)),
            ("kafka_brokers", self.kafka_brokers.as_ref().and_then(no_brokers)),
            (
                "kafka_topic",
                (!is_topic(&self.kafka_topic)).then(|| {
                    "is no name of a topic: up to 249 letters, digits, dots, dashes and underscores".to_owned()
                }),
            ),
            (
                "kafka_retention",
                (self.kafka_retention.0 < SHORTEST_RETENTION).then(|| "is less than a minute".to_owned()),
            ),
            (
                "kafka_replication",
                (self.kafka_replication == 0).then(|| "is 0: a topic has at least one copy".to_owned()),
            ),
            (
                "lease",
                (self.lease.0 < SHORTEST_LEASE).then(|| "is less than half a second".to_owned()),
            ),
            ("otlp_endpoint", self.otlp_endpoint.as_ref().and_then(no_endpoint)),
            ("log", filter.err().map(|error| error.to_string())),
        ];
        problems.into_iter().find_map(|(key, problem)| Some((key, problem?)))
    }
}

/// A shorter one is renewed so often that a busy machine loses it.
const SHORTEST_LEASE: Duration = Duration::from_millis(500);

/// Kafka looks for what to remove about so often.
const SHORTEST_RETENTION: Duration = Duration::from_mins(1);

fn is_host_and_port(broker: &str) -> bool {
    let parts = broker.trim().rsplit_once(':');
    parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// What Kafka takes as a topic's name.
fn is_topic(name: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (1..=249).contains(&name.len()) && name.chars().all(known) && name != "." && name != ".."
}

/// Every key, as the annotated file lists them.
const KEYS: &[&str] = &[
    "listen",
    "data_dir",
    "database_url",
    "database_url_streams",
    "database_url_owner",
    "app_connections",
    "stream_connections",
    "search_dir",
    "kafka_brokers",
    "kafka_topic",
    "kafka_retention",
    "kafka_replication",
    "lease",
    "body_limit",
    "request_timeout",
    "read_wait",
    "shutdown_grace",
    "tick_every",
    "log",
    "log_format",
    "otlp_endpoint",
];

/// Variables that go by a name of their own, as others know them.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("KAFKA_BROKERS", "kafka_brokers"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "otlp_endpoint"),
];

/// The key that a variable of the environment sets; `None` for variables that are none of ours.
fn key_of(variable: &str) -> Option<String> {
    if variable.starts_with("DATABASE_URL") {
        return Some(variable.to_lowercase());
    }
    if let Some((_, key)) = OTHER_NAMES.iter().find(|(name, _)| *name == variable) {
        return Some((*key).to_owned());
    }
    let key = variable.strip_prefix("PROPERTYOS_")?;
    // The file itself is named before it is read; what tests need is no setting.
    (key != "CONFIG" && !key.starts_with("TEST_")).then(|| key.to_lowercase())
}

#[cfg(test)]
mod tests;
