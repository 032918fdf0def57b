//! The same work where there is little and where there is much, in turns: what is as fast there doesn't depend on how much there is.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use api::clock::new_correlation_id;
use async_trait::async_trait;
use commands::execute::Commands;
use domain::{
    ids::{BankAccountId, LeaseId, OrganizationId},
    lease::Lease,
};
use schemas::{Cursor, shard_of};
use sqlx::PgConnection;
use store::{Pools, secrets::Secrets};
use streams::{Batch, Limit, LogSource, Source as _};
use tests::questions::Questions;
use tokio::{process::Command, task::JoinSet};
use uuid::Uuid;

use crate::{
    estate::{PROJECTORS, memory},
    in_process::{InProcess, Office, commands_on},
    portfolio::Portfolio,
    report::{Against, Report},
    rounds::{Contestant, Rounds, Turn},
    work::{Gate as _, Load, Step},
};

/// A rate may be lower by a fifth.
const GOAL: f64 = 0.8;
/// Clients who append.
const WRITERS: u32 = 16;
/// Clients who ask.
const READERS: u32 = 4;
/// How many aggregates are loaded in turn.
const LOADED: i64 = 500;
/// How many of the last events are read again and again.
const TAIL: i64 = 50_000;
/// As runners fetch.
const BATCH: Limit = Limit {
    events: 1_000,
    bytes: 4 << 20,
};

/// Measures portfolios, the smallest first, all on one server.
pub async fn measure(report: &mut Report, portfolios: &[&Portfolio], rounds: usize, lasting: Duration) {
    let mut asking = Vec::new();
    let mut serving = Vec::new();
    for portfolio in portfolios {
        let serve = portfolio.serve().await;
        let token = portfolio.token().await;
        let mut superuser = portfolio.superuser().await;
        let questions = Questions::about(portfolio.organization.0, &serve, token, &mut superuser).await;
        asking.push(named(portfolio, Asking(Arc::new(questions))));
        serving.push(serve);
    }
    compare(report, asking, READERS, rounds, lasting).await;
    for serve in serving {
        assert!(serve.stop().await.success(), "it stops in order");
    }

    let mut sizes = Vec::new();
    for portfolio in portfolios {
        sizes.push((*portfolio, Size::of(portfolio).await));
    }
    for (when, order) in [("first", "ASC"), ("last", "DESC")] {
        let mut loading = Vec::new();
        for (portfolio, size) in &sizes {
            let leases = leases(&mut portfolio.superuser().await, order).await;
            loading.push(named(
                portfolio,
                Loading {
                    size: size.clone(),
                    when,
                    leases,
                },
            ));
        }
        compare(report, loading, 1, rounds, lasting).await;
    }
    let reading = sizes
        .iter()
        .map(|(portfolio, size)| named(portfolio, Reading(size.clone())));
    compare(report, reading.collect(), 1, rounds, lasting).await;
    let following = sizes
        .iter()
        .map(|(portfolio, size)| named(portfolio, Following(size.clone())));
    compare(report, following.collect(), 1, rounds, lasting).await;
    // Last, since the small ones grow by it.
    for load in [Load::OneKind, Load::Mix] {
        let appending = sizes.iter().map(|(portfolio, size)| {
            let offices = vec![size.office.clone()];
            named(portfolio, InProcess { load, offices })
        });
        compare(report, appending.collect(), WRITERS, rounds, lasting).await;
    }
    for portfolio in portfolios {
        memory_of_processes(report, portfolio).await;
    }
}

/// What each process holds once it has caught up with what was appended just now. The API and `project search` begin with an index
/// that knows the rest.
async fn memory_of_processes(report: &mut Report, portfolio: &Portfolio) {
    let index = portfolio.installation.data_folder().join("search");
    let copy = index.with_file_name("search-of-the-api");
    let copied = Command::new("cp")
        .arg("--recursive")
        .args([&index, &copy])
        .status()
        .await;
    assert!(copied.expect("cp").success(), "there is room for another index");
    let of_the_api = [("PROPERTYOS_SEARCH_DIR", copy.to_str().expect("a path in UTF-8"))];
    let mut processes = vec![(
        "api".to_owned(),
        portfolio.installation.start(&["api"], &of_the_api).await,
    )];
    for arguments in PROJECTORS {
        processes.push((arguments.join(" "), portfolio.installation.start(arguments, &[]).await));
    }
    portfolio.installation.catch_up().await;
    for (name, process) in processes {
        let what = format!("growth: memory of `propertyos {name}`, at {}", portfolio.millions());
        report.figure(&what, &memory(&process), "");
        assert!(process.stop().await.success(), "it stops in order");
    }
    fs::remove_dir_all(copy).expect("one's own folder");
}

async fn compare(
    report: &mut Report,
    mut contestants: Vec<Box<dyn Contestant>>,
    clients: u32,
    rounds: usize,
    lasting: Duration,
) {
    let done = Rounds::run(&mut contestants, rounds, clients, lasting).await;
    for (place, contestant) in contestants.iter().enumerate() {
        let against = (place > 0).then_some(Against {
            name: "the smallest",
            place: 0,
            goal: Some(GOAL),
        });
        report.rate(&contestant.name(), clients, &done, place, against);
    }
}

fn named(portfolio: &Portfolio, contestant: impl Contestant + 'static) -> Box<dyn Contestant> {
    Box::new(Named {
        size: portfolio.millions(),
        contestant,
    })
}

/// Does what another does, and says at which size.
struct Named<C> {
    size: String,
    contestant: C,
}

#[async_trait]
impl<C: Contestant> Contestant for Named<C> {
    fn name(&self) -> String {
        format!("growth: {}, at {}", self.contestant.name(), self.size)
    }

    async fn turn(&mut self, clients: u32, lasting: Duration) -> Turn {
        self.contestant.turn(clients, lasting).await
    }
}

/// A log of some size, and who works on it.
#[derive(Clone)]
struct Size {
    organization: OrganizationId,
    pools: Pools,
    secrets: PathBuf,
    office: Office,
}

impl Size {
    async fn of(portfolio: &Portfolio) -> Self {
        let pools = portfolio.installation.database().expect("a database").pools().await;
        let secrets = portfolio.installation.data_folder().join("secrets");
        let account: Uuid = sqlx::query_scalar("SELECT operating_account FROM ledger_v2.organizations")
            .fetch_one(&mut portfolio.superuser().await)
            .await
            .expect("books");
        let organization = portfolio.organization;
        let commands = commands_on(&pools, Secrets::in_folder(&secrets).expect("the keys"));
        Self {
            organization,
            office: Office::of(commands, organization, BankAccountId(account)).await,
            pools,
            secrets,
        }
    }

    /// Those of a process that knows nothing yet.
    fn commands(&self) -> Arc<Commands> {
        commands_on(&self.pools, Secrets::in_folder(&self.secrets).expect("the keys"))
    }

    /// So many events before the end of the log.
    async fn cursor(&self, before_the_end: i64) -> Cursor {
        let heads = commands::log::heads(&self.pools.stream).await.expect("a log");
        let shard = shard_of(self.organization);
        Cursor {
            position: (heads[shard.index()] - before_the_end).max(0),
            ..Cursor::start(shard)
        }
    }
}

/// The leases that began first or last, by their place in the log.
async fn leases(superuser: &mut PgConnection, order: &str) -> Vec<LeaseId> {
    let leases = format!(
        "SELECT aggregate_id FROM events WHERE aggregate_type = 'lease' AND sequence = 1 ORDER BY position {order} LIMIT $1"
    );
    let ids: Vec<Uuid> = sqlx::query_scalar(&leases)
        .bind(LOADED)
        .fetch_all(superuser)
        .await
        .expect("a log");
    ids.into_iter().map(LeaseId).collect()
}

/// Questions of all kinds, one after another.
struct Asking(Arc<Questions>);

#[async_trait]
impl Contestant for Asking {
    fn name(&self) -> String {
        "queries of all kinds through HTTP".into()
    }

    async fn turn(&mut self, clients: u32, lasting: Duration) -> Turn {
        let begun = Instant::now();
        let mut all = JoinSet::new();
        for number in 0..clients {
            let questions = self.0.clone();
            all.spawn(async move {
                let mut latencies = Vec::new();
                // Each begins somewhere else.
                for (_, path) in questions.in_turn().skip(number as usize * 1_000) {
                    let asked = Instant::now();
                    if asked >= begun + lasting {
                        break;
                    }
                    let (status, _) = questions.ask(path, new_correlation_id()).await;
                    assert!(status.is_success(), "{path}: {status}");
                    latencies.push(asked.elapsed());
                }
                latencies
            });
        }
        let latencies = all.join_all().await.concat();
        Turn::of(latencies, begun.elapsed())
    }
}

/// Leases, from their events.
struct Loading {
    size: Size,
    when: &'static str,
    leases: Vec<LeaseId>,
}

#[async_trait]
impl Contestant for Loading {
    fn name(&self) -> String {
        format!("loading one of the {} leases", self.when)
    }

    async fn turn(&mut self, _: u32, lasting: Duration) -> Turn {
        let begun = Instant::now();
        let mut latencies = Vec::new();
        while begun.elapsed() < lasting {
            // Whoever has loaded a state keeps it.
            let commands = self.size.commands();
            for lease in &self.leases {
                let asked = Instant::now();
                let loaded = commands.load::<Lease>(self.size.organization, *lease).await;
                assert!(loaded.expect("a log").sequence > 0, "there is a lease");
                latencies.push(asked.elapsed());
            }
        }
        Turn::of(latencies, begun.elapsed())
    }
}

/// The end of the log, again and again.
struct Reading(Size);

#[async_trait]
impl Contestant for Reading {
    fn name(&self) -> String {
        "events of the tail".into()
    }

    async fn turn(&mut self, _: u32, lasting: Duration) -> Turn {
        let mut source = LogSource::new(self.0.pools.stream.clone());
        let begun = Instant::now();
        let mut events = 0;
        let start = self.0.cursor(TAIL).await;
        let mut cursor = start;
        while begun.elapsed() < lasting {
            let read = fetch(&mut source, &mut cursor).await;
            if read == 0 {
                cursor = start;
            }
            events += read;
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of events of some seconds")]
        let per_second = events as f64 / begun.elapsed().as_secs_f64();
        Turn {
            per_second,
            ..Turn::default()
        }
    }
}

/// A command's answer, and then the fetch that has its events.
struct Following(Size);

#[async_trait]
impl Contestant for Following {
    fn name(&self) -> String {
        "from a command's answer to its events in hand".into()
    }

    async fn turn(&mut self, _: u32, lasting: Duration) -> Turn {
        let mut source = LogSource::new(self.0.pools.stream.clone());
        let mut cursor = self.0.cursor(0).await;
        let begun = Instant::now();
        let mut latencies = Vec::new();
        while begun.elapsed() < lasting {
            self.0.office.give(Step::Vendor).await;
            let answered = Instant::now();
            while fetch(&mut source, &mut cursor).await == 0 {}
            latencies.push(answered.elapsed());
        }
        let took = latencies.iter().sum();
        Turn::of(latencies, took)
    }
}

/// How many events there were behind the cursor, which moves over them.
async fn fetch(source: &mut LogSource, cursor: &mut Cursor) -> usize {
    let batches = source.fetch(&[*cursor], BATCH).await.expect("a log");
    let events = batches.iter().flat_map(|Batch { events, .. }| events);
    if let Some(last) = events.clone().last() {
        cursor.position = last.position;
    }
    events.count()
}
