//! PostgreSQL restarted, and without room on its disk, under load while `serve` lives: every request has an answer, and then
//! everything goes on.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use rand::{SeedableRng, rngs::StdRng};
use reqwest::{Client, StatusCode};
use store::testing::TestServer;
use tests::{Installation, Serving};
use tokio::task::JoinHandle;

use crate::{
    PROPERTYOS,
    load::{
        ANSWERS_WITHIN, Disturbance, Load, caught_up, every_acknowledged_command_is_there_once, is_refused_cleanly,
        leases, superuser, take_over_sample,
    },
};

/// Questions to each of the read models, and to the log.
const QUESTIONS: [&str; 6] = [
    "/api/properties?limit=5",
    "/api/ledger/trial-balance",
    "/api/analytics/dashboard",
    "/api/payments/due",
    "/api/search?q=maple",
    "/api/bank-accounts",
];

/// Asks questions until told to stop. Each has an answer or is refused cleanly; the process says that it lives all along.
struct Asker {
    goes_on: Arc<AtomicBool>,
    refused: Arc<AtomicU32>,
    asking: JoinHandle<()>,
}

impl Asker {
    fn start(serving: &Serving, token: String) -> Self {
        let (goes_on, refused) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU32::new(0)));
        let (still, counted) = (goes_on.clone(), refused.clone());
        let (live, questions) = (serving.at("/health/live"), QUESTIONS.map(|path| serving.at(path)));
        let asking = tokio::spawn(async move {
            let http = Client::builder().timeout(ANSWERS_WITHIN).build().unwrap();
            while still.load(Ordering::Relaxed) {
                for question in &questions {
                    let answer = http.get(question).bearer_auth(&token).send().await.unwrap();
                    if !answer.status().is_success() {
                        is_refused_cleanly(answer).await;
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                }
                let lives = http.get(&live).send().await.unwrap();
                assert_eq!(lives.status(), StatusCode::OK);
            }
        });
        Self {
            goes_on,
            refused,
            asking,
        }
    }

    /// How many questions were refused.
    async fn end(self) -> u32 {
        self.goes_on.store(false, Ordering::Relaxed);
        self.asking.await.unwrap();
        self.refused.load(Ordering::Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_postgresql_restarts_requests_are_refused_cleanly_and_then_everything_goes_on() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let server = TestServer::own().await;
    let installation = Installation::on(PROPERTYOS, server.database(&[]).await);
    let mut serving = installation.serve().await;
    take_over_sample(&installation).await;
    let token = installation.output(&["token", "--role", "admin"]).await;
    let leases = leases(&mut superuser(&installation).await).await;

    let mut random = StdRng::seed_from_u64(seed);
    let mut load = Load::start(
        serving.at(""),
        &token,
        &leases,
        Disturbance::DatabaseIsAway,
        &mut random,
    );
    let asker = Asker::start(&serving, token);
    for round in 0..5 {
        load.acknowledges(50).await;
        match round % 3 {
            0 => server.stop().await,
            1 => server.stop_at_once().await,
            _ => server.kill().await,
        }
        load.refuses(1).await;
        let ready = serving.http().get(serving.at("/health/ready")).send().await.unwrap();
        assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
        server.start().await;
    }
    load.acknowledges(50).await;
    let acknowledged = load.end().await;
    let refused = asker.end().await;
    println!("{} commands, {refused} questions refused", acknowledged.len());
    assert!(refused > 0, "no question fell into a restart");

    assert!(serving.is_running());
    let mut log = superuser(&installation).await;
    every_acknowledged_command_is_there_once(&mut log, &acknowledged).await;
    caught_up(&installation, &[&serving], &mut log).await;
    installation.output(&["replay", "verify"]).await;
    let ready = serving.http().get(serving.at("/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), StatusCode::OK);
    assert!(serving.stop().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_disk_is_full_commands_are_refused_cleanly_and_then_everything_goes_on() {
    let seed = rand::random::<u64>();
    println!("seed {seed}");
    let server = TestServer::on_a_small_disk(300).await;
    let installation = Installation::on(PROPERTYOS, server.database(&[]).await);
    let mut serving = installation.serve().await;
    take_over_sample(&installation).await;
    let token = installation.output(&["token", "--role", "admin"]).await;
    let leases = leases(&mut superuser(&installation).await).await;

    let mut random = StdRng::seed_from_u64(seed);
    let away = Disturbance::DatabaseIsAway;
    let mut load = Load::start(serving.at(""), &token, &leases, away, &mut random);
    for _ in 0..3 {
        load.acknowledges(50).await;
        server.fill_disk();
        load.refuses(5).await;
        server.free_disk();
        // A server that could not even write its journal has ended, and is started as an operator would.
        tokio::select! {
            () = load.acknowledges(50) => {}
            () = keep_up(&server) => {}
        }
    }
    let acknowledged = load.end().await;
    println!("{} commands", acknowledged.len());
    assert!(serving.is_running());
    let mut log = superuser(&installation).await;
    every_acknowledged_command_is_there_once(&mut log, &acknowledged).await;
    caught_up(&installation, &[&serving], &mut log).await;
    installation.output(&["replay", "verify"]).await;
    assert!(serving.stop().await.success());
}

/// Starts the server whenever it has ended.
async fn keep_up(server: &TestServer) {
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(100));
    loop {
        looks.tick().await;
        server.start().await;
    }
}
