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
        ("stream_connections = 1", "stream_connections"),
        ("kafka_brokers = \"\"", "kafka_brokers"),
        ("kafka_brokers = \"localhost\"", "kafka_brokers"),
        ("kafka_brokers = \"one:9092,two:0\"", "kafka_brokers"),
        ("kafka_topic = \"a topic\"", "kafka_topic"),
        ("kafka_topic = \"..\"", "kafka_topic"),
        ("kafka_retention = \"59s\"", "kafka_retention"),
        ("kafka_replication = 0", "kafka_replication"),
        ("lease = \"499ms\"", "lease"),
        ("otlp_endpoint = \"collector:4318\"", "otlp_endpoint"),
        ("otlp_endpoint = \"http://\"", "otlp_endpoint"),
    ] {
        let refused = load(file, &[]).unwrap_err();
        assert!(refused.contains(&format!("`{key}`")), "{file}: {refused}");
    }
    let refused = load("", &[("PROPERTYOS_BODY_LIMIT", "much")]).unwrap_err();
    assert!(refused.contains("`body_limit`"), "{refused}");
}

#[test]
fn what_others_call_by_a_name_of_their_own_is_known_by_it() {
    let config = load(
        "",
        &[
            ("KAFKA_BROKERS", "one:9092, two:9093"),
            ("KAFKA_HEAP_OPTS", "-Xmx1g"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
            ("OTEL_SERVICE_NAME", "theirs"),
        ],
    )
    .unwrap();
    assert_eq!(config.kafka_brokers.as_deref(), Some("one:9092, two:9093"));
    assert_eq!(config.otlp_endpoint.as_deref(), Some("http://collector:4318"));
}

#[test]
fn only_migrations_need_the_owner_of_the_database() {
    let both = [
        ("DATABASE_URL", "postgres://a"),
        ("DATABASE_URL_STREAMS", "postgres://b"),
    ];
    assert!(load("", &both).unwrap().database_url_owner.is_none());
    let refused = load("", &[("DATABASE_URL_OWNER", "postgres://c")]).unwrap_err();
    assert!(refused.starts_with("`database_url` is not set"), "{refused}");
}

#[test]
fn a_database_needs_every_role_that_processes_sign_in_as() {
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
    let optional = [
        ("DATABASE_URL", "u"),
        ("DATABASE_URL_STREAMS", "u"),
        ("DATABASE_URL_OWNER", "u"),
        ("PROPERTYOS_SEARCH_DIR", "here"),
        ("KAFKA_BROKERS", "one:9092"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://one:4318"),
    ];
    let whole = load("", &optional).unwrap();
    let known = serde_json::to_value(&whole).unwrap();
    let known: Vec<_> = known.as_object().unwrap().keys().map(String::as_str).collect();
    let mut listed = KEYS.to_vec();
    listed.sort_unstable();
    assert_eq!(known, listed);
}
