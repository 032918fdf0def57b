//! What PostgreSQL reads to answer a question doesn't grow with the portfolio.

use std::{collections::BTreeMap, time::Duration};

use sqlx::{Connection, Executor};
use store::testing::TestServer;
use tests::{
    Installation,
    plans::{Plans, Scan},
    questions::Questions,
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::PROPERTYOS;

const LIMIT: Duration = Duration::from_mins(2);
/// How many of each kind are asked.
const ASKED: u8 = 12;
/// Units of a portfolio that has more of everything than is looked at, and of one four times as large.
const UNITS: [u32; 2] = [240, 960];
/// How much more may be read in the larger one: its days aren't the same as the other's.
const MORE: f64 = 1.5;
/// What a full page takes, with the one thing more that tells of the next: an entry and a facet each, and a few rows beside them.
const ROWS_OF_A_PAGE: f64 = 110.0;

/// In a table of few pages any plan will do. Here pages cost nothing and rows do, and no table may be read whole where an index
/// leads to its rows: so PostgreSQL chooses as it does where there is much.
const SETTINGS: [(&str, &str); 5] = [
    ("enable_seqscan", "off"),
    ("seq_page_cost", "0"),
    ("random_page_cost", "0"),
    ("cpu_tuple_cost", "1"),
    ("cpu_index_tuple_cost", "1"),
];

async fn portfolio(installation: &Installation, units: u32) -> Uuid {
    let units = units.to_string();
    let demo = [
        "demo",
        "--bulk",
        "--units",
        &units,
        "--months",
        "4",
        "--from",
        "2026-01-01",
    ];
    installation.output(&demo).await.parse().unwrap()
}

/// What was read for each kind of question about an organization.
async fn read(plans: &Plans, questions: &Questions) -> Vec<(&'static str, Vec<Scan>)> {
    let mut read = Vec::new();
    for kind in &questions.kinds {
        let asking = async {
            for path in kind.paths.iter().cycle().take(ASKED.into()) {
                questions.answer(path).await;
            }
        };
        read.push((kind.name, plans.of(asking).await));
    }
    read
}

fn rows_by_table(scans: &[Scan]) -> BTreeMap<String, f64> {
    let mut rows = BTreeMap::new();
    for scan in scans {
        *rows.entry(scan.table.clone()).or_default() += scan.rows;
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_reads_by_indexes_and_no_more_in_a_larger_portfolio() {
    let server = TestServer::own().await;
    let plans = Plans::on(&server, &SETTINGS).await;
    let installation = Installation::on(PROPERTYOS, server.database(&[]).await);
    installation.output(&["migrate"]).await;
    let organizations = [
        portfolio(&installation, UNITS[0]).await,
        portfolio(&installation, UNITS[1]).await,
    ];
    let serving = installation.start(&["serve"], &[("PROPERTYOS_TICK_EVERY", "0s")]).await;
    timeout(LIMIT, installation.catch_up()).await.expect("it catches up");
    let mut superuser = installation.database().unwrap().superuser().await;
    superuser.execute("ANALYZE").await.unwrap();

    let mut rows = Vec::new();
    for organization in organizations {
        let of = organization.to_string();
        let token = installation
            .output(&["token", "--role", "admin", "--organization", &of])
            .await;
        let questions = Questions::about(organization, &serving, token, &mut superuser).await;
        for (kind, scans) in read(&plans, &questions).await {
            assert_eq!(scans.is_empty(), kind == "search", "{kind} reads {scans:?}");
            for scan in &scans {
                assert!(!scan.is_of_everything(), "{kind}: {scan:?}");
            }
            rows.push((kind, rows_by_table(&scans)));
        }
    }
    let (small, large) = rows.split_at(rows.len() / 2);
    for ((kind, small), (_, large)) in small.iter().zip(large) {
        let all = |rows: &BTreeMap<String, f64>| rows.values().sum::<f64>();
        let most = (all(small) * MORE).max(f64::from(ASKED) * ROWS_OF_A_PAGE);
        assert!(
            all(large) <= most,
            "{kind} reads {small:?}, and {large:?} in a portfolio four times as large"
        );
    }
    superuser.close().await.unwrap();
    assert!(serving.stop().await.success());
}
