//! Settings: the environment over `propertyos.toml` over what `propertyos.toml` at the root of the sources says.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

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
    pub body_limit: usize,
    pub request_timeout: Span,
    pub read_wait: Span,
    pub shutdown_grace: Span,
    pub tick_every: Span,
    pub log: String,
    pub log_format: LogFormat,
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
    /// One role of an outside database was given, but not all three.
    #[error("`{missing}` is not set: with a database of your own, all three roles need a URL")]
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

    fn checked(self) -> Result<Self, ConfigError> {
        let roles = [
            ("database_url", &self.database_url),
            ("database_url_streams", &self.database_url_streams),
            ("database_url_owner", &self.database_url_owner),
        ];
        if roles.iter().any(|(_, url)| url.is_some())
            && let Some((missing, _)) = roles.iter().find(|(_, url)| url.is_none())
        {
            return Err(ConfigError::MissingRole { missing });
        }
        for (key, count, least) in [
            ("app_connections", self.app_connections, 2),
            ("stream_connections", self.stream_connections, 2),
        ] {
            if count < least {
                return Err(ConfigError::Value {
                    key,
                    problem: format!("is {count}: at least {least} are needed"),
                });
            }
        }
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&self.log) {
            return Err(ConfigError::Value {
                key: "log",
                problem: error.to_string(),
            });
        }
        Ok(self)
    }
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
    "body_limit",
    "request_timeout",
    "read_wait",
    "shutdown_grace",
    "tick_every",
    "log",
    "log_format",
];

/// The key that a variable of the environment sets; `None` for variables that are none of ours.
fn key_of(variable: &str) -> Option<String> {
    if variable.starts_with("DATABASE_URL") {
        return Some(variable.to_lowercase());
    }
    let key = variable.strip_prefix("PROPERTYOS_")?;
    // The file itself is named before it is read; what tests need is no setting.
    (key != "CONFIG" && !key.starts_with("TEST_")).then(|| key.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, file).unwrap();
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(Some(&path), environment).map_err(|error| error.to_string())
    }

    #[test]
    fn without_settings_it_listens_on_this_machine_only() {
        let config = load("", &[]).unwrap();
        assert_eq!(config.listen, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(config.data_dir, Path::new("./.propertyos"));
        assert!(config.database_url.is_none());
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let config = load(
            "listen = \"127.0.0.1:1\"\nbody_limit = 1",
            &[
                ("PROPERTYOS_LISTEN", "127.0.0.1:2"),
                ("PROPERTYOS_READ_WAIT", "1m 5s"),
                ("HOME", "/root"),
            ],
        )
        .unwrap();
        assert_eq!(config.listen.port(), 2);
        assert_eq!(config.body_limit, 1);
        assert_eq!(config.read_wait.0, Duration::from_secs(65));
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let refused = load("lisen = \"127.0.0.1:1\"", &[]).unwrap_err();
        assert!(refused.contains("lisen"), "{refused}");
        let refused = load("", &[("PROPERTYOS_LISEN", "127.0.0.1:1")]).unwrap_err();
        assert_eq!(refused, "PROPERTYOS_LISEN sets nothing: there is no setting `lisen`");
    }

    #[test]
    fn a_bad_value_is_refused_with_its_key() {
        for (file, key) in [
            ("listen = \"here\"", "listen"),
            ("body_limit = -1", "body_limit"),
            ("read_wait = \"soon\"", "read_wait"),
            ("log_format = \"xml\"", "log_format"),
            ("log = \"a=b=c\"", "log"),
            ("app_connections = 0", "app_connections"),
        ] {
            let refused = load(file, &[]).unwrap_err();
            assert!(refused.contains(&format!("`{key}`")), "{file}: {refused}");
        }
        let refused = load("", &[("PROPERTYOS_BODY_LIMIT", "much")]).unwrap_err();
        assert!(refused.contains("`body_limit`"), "{refused}");
    }

    #[test]
    fn a_database_needs_all_three_roles() {
        let refused = load(
            "",
            &[("DATABASE_URL", "postgres://a"), ("DATABASE_URL_OWNER", "postgres://c")],
        )
        .unwrap_err();
        assert!(refused.starts_with("`database_url_streams` is not set"), "{refused}");
    }

    #[test]
    fn secrets_are_not_shown() {
        let urls = ["DATABASE_URL", "DATABASE_URL_STREAMS", "DATABASE_URL_OWNER"];
        let config = load("", &urls.map(|name| (name, "postgres://u:hunter2@h/d"))).unwrap();
        let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!(config.database_url.unwrap().reveal(), "postgres://u:hunter2@h/d");
    }

    #[test]
    fn the_annotated_file_names_every_key() {
        for key in KEYS {
            assert!(
                DEFAULTS
                    .lines()
                    .any(|line| line.trim_start_matches("# ").starts_with(&format!("{key} = "))),
                "{key}"
            );
        }
        let whole = load(
            "",
            &["DATABASE_URL", "DATABASE_URL_STREAMS", "DATABASE_URL_OWNER"].map(|name| (name, "u")),
        )
        .unwrap();
        let known = serde_json::to_value(&whole).unwrap();
        let known: Vec<_> = known.as_object().unwrap().keys().map(String::as_str).collect();
        let mut listed = KEYS.to_vec();
        listed.sort_unstable();
        assert_eq!(known, listed);
    }
}
