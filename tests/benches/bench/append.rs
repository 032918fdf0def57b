//! Appending: decided by the aggregate, durable, idempotent, isolated; in this process and through HTTP.

use std::{sync::Arc, time::Duration};

use api::{clock::new_command_id, installation::MIGRATIONS};
use commands::execute::Commands;
use domain::ids::OrganizationId;
use sqlx::Row;
use store::{
    secrets::Secrets,
    testing::{TestDatabase, TestServer},
};

use crate::{
    estate::founded,
    floor::{Floor, Sizes},
    in_process::{InProcess, Office, commands_on},
    over_http::{OverHttp, Sender},
    report::{Against, Report},
    rounds::{Contestant, Rounds},
    work::Load,
};

/// Numbers of clients, with what is to be reached against the floor.
const CLIENTS: [(u32, f64); 4] = [(1, 0.6), (16, 0.8), (64, 1.5), (256, 2.5)];
/// Many organizations at once: more than there are shards.
const MANY: usize = 32;
/// What HTTP is to reach of what is done in process, at [`HTTP_AT`] clients.
const HTTP_GOAL: f64 = 0.6;
const HTTP_AT: u32 = 64;
/// How many times the p50 the p99 may be there.
const HTTP_TAIL: f64 = 4.0;

/// The places of contestants.
const FLOOR: usize = 0;
const BARE: usize = 1;
const IN_PROCESS: usize = 2;
const HTTP: usize = 5;

pub async fn measure(report: &mut Report, rounds: usize, lasting: Duration, only: Option<u32>) {
    let server = TestServer::own().await;
    let ours = server.database(MIGRATIONS).await;
    let secrets = tempfile::tempdir().expect("a folder");
    let commands = commands_on(&ours.pools().await, Secrets::in_folder(secrets.path()).expect("keys"));
    let hot = Office::found(commands.clone(), OrganizationId(new_command_id().0)).await;
    let many = many(&commands).await;
    let sizes = sizes(&ours, &hot, Load::Mix).await;

    let http = founded(&server).await;
    let api = http.start(&["api"], &[]).await;
    let token = http.output(&["token", "--role", "admin"]).await;
    let sender = Sender::open(&api, token).await;
    let floors = server.database(&[]).await;
    let mut contestants: Vec<Box<dyn Contestant>> = vec![
        Box::new(Floor::with_indexes(&floors, sizes).await),
        Box::new(Floor::bare(&floors, sizes).await),
        Box::new(InProcess {
            load: Load::Mix,
            offices: vec![hot.clone()],
        }),
        Box::new(InProcess {
            load: Load::OneKind,
            offices: vec![hot],
        }),
        Box::new(InProcess {
            load: Load::Mix,
            offices: many,
        }),
        Box::new(OverHttp { sender, process: "api" }),
    ];
    for (clients, goal) in CLIENTS {
        if only.is_some_and(|only| only != clients) {
            continue;
        }
        let done = Rounds::run(&mut contestants, rounds, clients, lasting).await;
        for (place, contestant) in contestants.iter().enumerate() {
            let against = match place {
                FLOOR => None,
                BARE => Some((FLOOR, "the floor", None)),
                HTTP => Some((IN_PROCESS, "in process", (clients == HTTP_AT).then_some(HTTP_GOAL))),
                _ => Some((FLOOR, "the floor", Some(goal))),
            };
            let against = against.map(|(place, name, goal)| Against { name, place, goal });
            report.rate(&contestant.name(), clients, &done, place, against);
        }
        if let (HTTP_AT, Some((p50, p99))) = (clients, done.milliseconds(HTTP)) {
            let met = if p99 < HTTP_TAIL * p50 { "met" } else { "missed" };
            let what = format!("{}, {clients} clients: p99 against p50", contestants[HTTP].name());
            report.figure(
                &what,
                &format!("{:.1} times", p99 / p50),
                &format!("under {HTTP_TAIL}: {met}"),
            );
        }
    }
    assert!(api.stop().await.success(), "it stops in order");
}

async fn many(commands: &Arc<Commands>) -> Vec<Office> {
    let mut many = Vec::new();
    for _ in 0..MANY {
        many.push(Office::found(commands.clone(), OrganizationId(new_command_id().0)).await);
    }
    many
}

/// What the events of a load take: the floor's rows are as large.
pub async fn sizes(database: &TestDatabase, office: &Office, load: Load) -> Sizes {
    let mut work = InProcess {
        load,
        offices: vec![office.clone()],
    };
    work.turn(1, Duration::from_secs(2)).await;
    let sizes =
        "SELECT avg(octet_length(payload::text))::float8, avg(octet_length(metadata::text))::float8 FROM events";
    let row = sqlx::query(sizes)
        .fetch_one(&mut database.superuser().await)
        .await
        .expect("a log");
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bytes of a small text"
    )]
    let rounded = |bytes: f64| bytes.round() as usize;
    Sizes {
        payload: rounded(row.get(0)),
        metadata: rounded(row.get(1)),
    }
}
