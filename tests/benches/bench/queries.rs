//! What people look at, at a steady rate while commands come in: how soon it is answered, and what PostgreSQL read for it.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, Instant},
};

use api::clock::new_correlation_id;
use tests::{
    Serving,
    plans::{Plans, Scan},
    questions::Questions,
};
use tokio::{task::JoinSet, time::sleep_until};
use uuid::Uuid;

use crate::{
    estate::memory,
    machine::{DISTURBED, Watch},
    over_http::Sender,
    portfolio::Portfolio,
    report::Report,
    work::{self, Load, Pace},
};

/// Commands come in at this part of the queries' rate.
const QUERIES_PER_COMMAND: u32 = 4;
const CLIENTS: u32 = 8;
const WARM_UP: Duration = Duration::from_secs(5);
const LASTING: Duration = Duration::from_secs(30);
/// How often it is measured until others leave the machine alone.
const ATTEMPTS: usize = 3;
/// Milliseconds that 99 of 100 may take in the server.
const GOAL: f64 = 5.0;
const GOAL_OF_SEARCH: f64 = 20.0;
/// How often each kind is asked for its plans: often enough that every connection has settled on one.
const ASKED_FOR_PLANS: usize = 100;
/// What grows with the portfolio has more rows than this: there are so many things of which each property has but one.
const ROWS_OF_SMALL_TABLES: f32 = 100.0;

/// At so many queries a second.
pub async fn measure(report: &mut Report, portfolio: &Portfolio, plans: &Plans, pace: u32) {
    let serving = portfolio.serve().await;
    let token = portfolio.token().await;
    let mut superuser = portfolio.superuser().await;
    let organization = portfolio.organization.0;
    let questions = Questions::about(organization, &serving, token.clone(), &mut superuser).await;
    let sender = Sender::open(&serving, token).await;

    under_load(&questions, &sender, pace, WARM_UP).await;
    let mut asked = Vec::new();
    let mut discarded = 0;
    for _ in 0..ATTEMPTS {
        let watch = Watch::begin().await;
        asked = under_load(&questions, &sender, pace, LASTING).await;
        if watch.others() <= DISTURBED {
            break;
        }
        discarded += 1;
    }
    report.figure(
        &format!(
            "queries: {pace} a second with {} commands a second",
            pace / QUERIES_PER_COMMAND
        ),
        &format!(
            "{} asked, {} refused, {discarded} rounds discarded",
            asked.len(),
            refused(asked.iter())
        ),
        &format!(
            "none refused: {}",
            if refused(asked.iter()) == 0 { "met" } else { "missed" }
        ),
    );
    tell(report, &questions, &asked, &in_the_server(&serving));
    report.figure(
        &format!("memory of `propertyos serve` after queries, {}", portfolio.millions()),
        &memory(&serving),
        "",
    );

    let large: Vec<String> = sqlx::query_scalar(
        "SELECT relnamespace::regnamespace || '.' || relname FROM pg_class WHERE relkind = 'r' AND reltuples > $1",
    )
    .bind(ROWS_OF_SMALL_TABLES)
    .fetch_all(&mut superuser)
    .await
    .expect("tables");
    for number in 0..questions.kinds.len() {
        let kind = &questions.kinds[number];
        let asking = async {
            for path in kind.paths.iter().cycle().take(ASKED_FOR_PLANS) {
                questions.answer(path).await;
            }
        };
        tell_plans(report, kind.name, &plans.of(asking).await, &large);
    }
    assert!(serving.stop().await.success(), "it stops in order");
}

/// A question that was answered.
struct Asked {
    kind: usize,
    correlation: Uuid,
    refused: bool,
    /// From when it was due.
    took: Duration,
}

/// Asks and commands at their rates, whatever the answers take.
async fn under_load(questions: &Questions, sender: &Sender, per_second: u32, lasting: Duration) -> Vec<Asked> {
    let sender = sender.clone();
    let commands = tokio::spawn(async move {
        let pace = Pace::new(per_second / QUERIES_PER_COMMAND);
        work::run(Load::Mix, CLIENTS, lasting, Some(pace), |_| sender.clone()).await
    });
    let begun = Instant::now();
    let every = Duration::from_secs(1) / per_second;
    let mut open = JoinSet::new();
    for (number, (kind, path)) in (0..).zip(questions.in_turn()) {
        let due = begun + every * number;
        if due >= begun + lasting {
            break;
        }
        sleep_until(due.into()).await;
        let correlation = new_correlation_id();
        let answer = questions.ask(path, correlation);
        open.spawn(async move {
            let (status, _) = answer.await;
            Asked {
                kind,
                correlation,
                refused: !status.is_success(),
                took: due.elapsed(),
            }
        });
    }
    let asked = open.join_all().await;
    commands.await.expect("clients who work to the end");
    asked
}

/// How many milliseconds the server took for each request, by its correlation, from what it has logged.
fn in_the_server(serving: &Serving) -> HashMap<Uuid, f64> {
    let lines = serving.logged("answered").into_iter();
    let taken = lines.filter_map(|line| {
        let correlation = line["span"]["correlation_id"].as_str()?.parse().ok()?;
        Some((correlation, line["milliseconds"].as_f64()?))
    });
    taken.collect()
}

fn refused<'a>(asked: impl Iterator<Item = &'a Asked>) -> usize {
    asked.filter(|asked| asked.refused).count()
}

fn tell(report: &mut Report, questions: &Questions, asked: &[Asked], in_server: &HashMap<Uuid, f64>) {
    for (number, kind) in questions.kinds.iter().enumerate() {
        let of_kind = || asked.iter().filter(|asked| asked.kind == number);
        let server = Percentiles::of(of_kind().map(|asked| in_server[&asked.correlation]));
        let client = Percentiles::of(of_kind().map(|asked| asked.took.as_secs_f64() * 1e3));
        let goal = if kind.name == "search" { GOAL_OF_SEARCH } else { GOAL };
        let met = if server.p99 <= goal && refused(of_kind()) == 0 {
            "met"
        } else {
            "missed"
        };
        report.figure(
            &format!("queries: {}", kind.name),
            &format!(
                "in the server {server}; for the client {client} ({} asked)",
                of_kind().count()
            ),
            &format!("p99 {goal} ms in the server: {met}"),
        );
    }
}

/// In milliseconds.
struct Percentiles {
    p50: f64,
    p99: f64,
    p999: f64,
}

impl Percentiles {
    fn of(times: impl Iterator<Item = f64>) -> Self {
        let mut times: Vec<f64> = times.collect();
        times.sort_by(f64::total_cmp);
        let last = times.len().checked_sub(1).expect("some requests");
        Self {
            p50: times[last * 500 / 1000],
            p99: times[last * 990 / 1000],
            p999: times[last * 999 / 1000],
        }
    }
}

impl std::fmt::Display for Percentiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p50 {:.1}, p99 {:.1}, p99.9 {:.1} ms", self.p50, self.p99, self.p999)
    }
}

/// What was read for a question of a kind, and whether all of a table that grows was.
fn tell_plans(report: &mut Report, kind: &str, scans: &[Scan], large: &[String]) {
    let rows = scans.iter().fold(0.0, |rows, scan| rows + scan.rows);
    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    let of_each = rows / ASKED_FOR_PLANS as f64;
    let mut whole = BTreeMap::new();
    for scan in scans {
        if scan.is_of_everything() && large.contains(&scan.table) {
            whole.insert(&scan.table, &scan.statement);
        }
    }
    for (table, statement) in &whole {
        eprintln!("{kind} reads all of {table}:\n{statement}");
    }
    let tables: Vec<&str> = whole.into_keys().map(String::as_str).collect();
    let (found, met) = if tables.is_empty() {
        ("each by an index".to_owned(), "met")
    } else {
        (format!("all of {}", tables.join(", ")), "missed")
    };
    report.figure(
        &format!("queries: what PostgreSQL reads for {kind}"),
        &format!("{of_each:.0} rows, {found}"),
        &format!("no whole table that grows: {met}"),
    );
}
