//! How PostgreSQL found what it was asked for: the plans of statements as it ran them, not as it might.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection};
use store::{roles, testing::TestServer};
use tokio::time::sleep;

/// How long a server may take to heed a setting.
const LIMIT: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A server that tells its plans when it is asked to.
pub struct Plans {
    server: Arc<TestServer>,
    log: PathBuf,
}

/// A table or index that a statement read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    /// With its schema.
    pub table: String,
    /// As PostgreSQL calls it: `Index Scan`.
    pub node: String,
    /// Whether an index led to the rows, and not only through all of them.
    pub has_condition: bool,
    /// How many rows were read, those included that were then thrown away.
    pub rows: f64,
    /// The whole statement.
    pub statement: String,
}

impl Scan {
    /// Whether it goes through the whole table.
    #[must_use]
    pub fn is_of_everything(&self) -> bool {
        !self.has_condition
    }
}

impl Plans {
    /// Restarts a server of one's own so that it can tell. `settings` are for all its connections from now on.
    pub async fn on(server: &Arc<TestServer>, settings: &[(&str, &str)]) -> Self {
        let plans = Self {
            server: server.clone(),
            log: server.log(),
        };
        let mut superuser = plans.superuser().await;
        // So that its settings are known.
        superuser.execute("LOAD 'auto_explain'").await.expect("a module");
        let own = [
            ("shared_preload_libraries", "auto_explain"),
            ("auto_explain.log_format", "json"),
            ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_timing", "off"),
            ("auto_explain.log_verbose", "on"),
            ("log_line_prefix", "%u "),
        ];
        for (name, value) in own.iter().chain(settings) {
            set(&mut superuser, name, value).await;
        }
        superuser.close().await.expect("a server");
        server.restart().await;
        plans
    }

    /// What the API's connections read from, statement by statement, while something was done.
    pub async fn of<T>(&self, doing: impl Future<Output = T>) -> Vec<Scan> {
        let mut superuser = self.superuser().await;
        let known = fs::metadata(&self.log).map_or(0, |log| log.len());
        tell(&mut superuser, "0").await;
        doing.await;
        tell(&mut superuser, "-1").await;
        superuser.close().await.expect("a server");
        let log = fs::read(&self.log).expect("the server's log");
        let log = String::from_utf8_lossy(&log[usize::try_from(known).expect("a length")..]).into_owned();
        scans(&log)
    }

    async fn superuser(&self) -> PgConnection {
        self.server.superuser("postgres").await
    }
}

async fn set(superuser: &mut PgConnection, name: &str, value: &str) {
    let set = format!("ALTER SYSTEM SET {name} = '{value}'");
    superuser.execute(set.as_str()).await.expect("a setting");
}

/// Lets every connection tell its plans, or no longer, from its next statement on.
async fn tell(superuser: &mut PgConnection, milliseconds: &str) {
    const SETTING: &str = "auto_explain.log_min_duration";
    set(superuser, SETTING, milliseconds).await;
    superuser
        .execute("SELECT pg_reload_conf()")
        .await
        .expect("a superuser may");
    let until = Instant::now() + LIMIT;
    let heeded = async |superuser: &mut PgConnection| {
        let is: String = sqlx::query_scalar("SELECT setting FROM pg_settings WHERE name = $1")
            .bind(SETTING)
            .fetch_one(superuser)
            .await
            .expect("settings");
        is == milliseconds
    };
    while !heeded(superuser).await {
        assert!(Instant::now() < until, "the server doesn't read its settings");
        sleep(LOOK_EVERY).await;
    }
}

/// From the server's log: a plan stands on the lines behind one that begins with the user, each after a tab.
fn scans(log: &str) -> Vec<Scan> {
    let mut scans = Vec::new();
    let mut lines = log.lines().peekable();
    while let Some(line) = lines.next() {
        let mut plan = String::new();
        while let Some(more) = lines.next_if(|next| next.starts_with('\t')) {
            plan.push_str(more);
        }
        if !line.starts_with(roles::APP) || !line.ends_with("plan:") {
            continue;
        }
        let told: Value = serde_json::from_str(&plan).unwrap_or_else(|error| panic!("{error}: {plan}"));
        collect(
            &told["Plan"],
            told["Query Text"].as_str().unwrap_or_default(),
            &mut scans,
        );
    }
    scans
}

fn collect(node: &Value, statement: &str, scans: &mut Vec<Scan>) {
    let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| node[name].as_f64().unwrap_or_default();
    let parts = || node["Plans"].as_array().into_iter().flatten();
    if node["Relation Name"].is_string() {
        let read = ["Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"].map(number);
        scans.push(Scan {
            table: format!("{}.{}", text("Schema"), text("Relation Name")),
            node: text("Node Type"),
            has_condition: has_condition(node),
            rows: read.iter().sum::<f64>() * number("Actual Loops"),
            statement: statement.to_owned(),
        });
    }
    for part in parts() {
        collect(part, statement, scans);
    }
}

/// Of an index scan, or of the index scans below a bitmap.
fn has_condition(node: &Value) -> bool {
    let mut parts = node["Plans"].as_array().into_iter().flatten();
    node["Index Cond"].is_string()
        || (node["Node Type"]
            .as_str()
            .is_some_and(|kind| kind.starts_with("Bitmap"))
            && parts.any(has_condition))
}
