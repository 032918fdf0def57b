//! The files in `deploy/`, held against the binary: what they set is known, what they start exists, what they watch is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use serde_json::{Value, json};
use tests::{Installation, Serving, sources::root};
use tokio::time::{Instant, sleep};

use crate::PROPERTYOS;

/// No metric is waited for longer.
const LIMIT: Duration = Duration::from_mins(1);

fn text(file: &str) -> String {
    fs::read_to_string(root().join("deploy").join(file)).unwrap()
}

fn yaml(file: &str) -> Value {
    let mut value: serde_norway::Value = serde_norway::from_str(&text(file)).unwrap();
    value.apply_merge().unwrap();
    serde_json::to_value(value).unwrap()
}

/// A service of `compose.yaml` that runs PropertyOS.
struct Service {
    name: String,
    command: Vec<String>,
    environment: BTreeMap<String, String>,
    definition: Value,
}

fn strings(list: &Value) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

fn services() -> Vec<Service> {
    let compose = yaml("compose.yaml");
    let all = compose["services"].as_object().unwrap().iter();
    all.filter(|(_, definition)| definition["image"] == "propertyos")
        .map(|(name, definition)| Service {
            name: name.clone(),
            command: strings(&definition["command"]),
            environment: serde_json::from_value(definition["environment"].clone()).unwrap(),
            definition: definition.clone(),
        })
        .collect()
}

impl Service {
    fn port(&self) -> &str {
        self.environment["PROPERTYOS_LISTEN"].rsplit_once(':').unwrap().1
    }
}

#[test]
fn every_process_is_deployed() {
    let commands: BTreeSet<String> = services().iter().map(|service| service.command.join(" ")).collect();
    let expected = [
        "migrate",
        "api",
        "relay",
        "project ledger",
        "project dashboard",
        "project directory",
        "project search",
        "react",
    ];
    assert_eq!(commands, expected.map(str::to_owned).into());
}

#[tokio::test]
async fn every_command_exists_and_every_variable_is_a_setting() {
    let installation = Installation::new(PROPERTYOS);
    for service in services() {
        let Service {
            name,
            command,
            environment,
            ..
        } = &service;
        let mut asked = installation.command(&["help"]);
        let asked = asked.args(command).output().await.unwrap();
        assert!(asked.status.success(), "{name}: {command:?}");

        let mut check = installation.command(&["config", "check"]);
        let check = check.envs(environment).output().await.unwrap();
        let told = String::from_utf8_lossy(&check.stderr);
        assert!(check.status.success(), "{name}: {told}");
        // Variables with other names are none of ours, and then nobody checks them.
        for variable in environment.keys() {
            let ours = ["PROPERTYOS_", "DATABASE_URL"]
                .iter()
                .any(|prefix| variable.starts_with(prefix));
            let known = ours || ["KAFKA_BROKERS", "OTEL_EXPORTER_OTLP_ENDPOINT"].contains(&variable.as_str());
            assert!(known, "{name}: {variable}");
        }
        let owns = environment.contains_key("DATABASE_URL_OWNER");
        assert_eq!(owns, name == "migrate", "{name}: only migrations need the owner");
    }
}

#[test]
fn every_port_is_one_that_is_listened_on() {
    let compose = yaml("compose.yaml");
    for service in services() {
        for published in strings(&service.definition["ports"]) {
            let inside = published.rsplit_once(':').unwrap().1;
            assert_eq!(inside, service.port(), "{}", service.name);
        }
        let urls = service
            .environment
            .iter()
            .filter(|(name, _)| name.starts_with("DATABASE_URL"));
        for (name, url) in urls {
            assert!(url.contains("@postgres:5432/propertyos"), "{name}");
        }
        let advertised = compose["services"]["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
            .as_str()
            .unwrap();
        assert_eq!(
            advertised,
            format!("PLAINTEXT://{}", service.environment["KAFKA_BROKERS"])
        );
    }
    let image = text("Dockerfile");
    assert!(image.contains("EXPOSE 8080") && image.contains("PROPERTYOS_LISTEN=0.0.0.0:8080"));
}

#[test]
fn every_running_process_is_watched_where_it_listens() {
    let scraped = &yaml("prometheus.yml")["scrape_configs"][0];
    assert_eq!(
        scraped["metrics_path"],
        Value::Null,
        "/metrics, which is what Prometheus asks for by itself"
    );
    let targets: BTreeSet<String> = strings(&scraped["static_configs"][0]["targets"]).into_iter().collect();
    let running = services().into_iter().filter(|service| service.name != "migrate");
    let expected = running
        .map(|service| format!("{}:{}", service.name, service.port()))
        .collect();
    assert_eq!(targets, expected);
    assert_eq!(yaml("prometheus.yml")["rule_files"], json!(["alerts.yml"]));
}

#[test]
fn roles_are_made_as_the_guide_says_and_are_those_that_processes_sign_in_as() {
    let guide = fs::read_to_string(root().join("docs/operators.md")).unwrap();
    let roles = text("roles.sql");
    let statements = roles.lines().filter(|line| !line.starts_with("--"));
    for statement in statements {
        assert!(guide.contains(statement), "{statement}");
    }
    for service in services() {
        for (variable, url) in &service.environment {
            let Some((role, password)) = url
                .strip_prefix("postgres://")
                .and_then(|rest| rest.split_once('@')?.0.split_once(':'))
            else {
                continue;
            };
            let made = format!("CREATE ROLE {role} LOGIN PASSWORD '{password}';");
            assert!(roles.contains(&made), "{variable} of {}", service.name);
        }
    }
}

/// The names of our metrics in a text, such as an expression of Prometheus.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !word(c)).filter(|word| word.starts_with("propertyos_"));
    words.map(str::to_owned).collect()
}

fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(expression) if name == "expr" => found.push(expression.clone()),
                    other => expressions(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| expressions(item, found)),
        _ => {}
    }
}

/// The names under which a process's series can be asked for.
async fn exported(serving: &Serving) -> BTreeSet<String> {
    let answer = serving.http().get(serving.at("/metrics")).send().await.unwrap();
    let text = answer.text().await.unwrap();
    let series = text.lines().filter(|line| !line.starts_with('#'));
    series
        .filter_map(|line| Some(line.split(['{', ' ']).next()?.to_owned()))
        .collect()
}

#[tokio::test]
async fn every_metric_that_is_watched_is_exported() {
    let mut found = Vec::new();
    expressions(&yaml("alerts.yml"), &mut found);
    assert!(found.len() > 5, "{found:?}");
    let dashboard: Value = serde_json::from_str(&text("grafana/propertyos.json")).unwrap();
    expressions(&dashboard, &mut found);
    let watched: BTreeSet<String> = found.iter().flat_map(|expression| metrics_in(expression)).collect();
    assert!(watched.len() > 15, "{watched:?}");

    let broker = streams::testing::topic().await;
    let installation = Installation::on_shared_server(PROPERTYOS)
        .await
        .with("KAFKA_BROKERS", &broker.servers)
        .with("PROPERTYOS_KAFKA_TOPIC", &broker.topic);
    // Some are there only once there was something to count.
    let serving = installation.serve().await;
    let begun = Instant::now();
    loop {
        let exported = exported(&serving).await;
        let missing: Vec<_> = watched.difference(&exported).collect();
        if missing.is_empty() {
            break;
        }
        assert!(begun.elapsed() < LIMIT, "not exported: {missing:?}");
        sleep(Duration::from_millis(100)).await;
    }
    assert!(serving.stop().await.success());
}
