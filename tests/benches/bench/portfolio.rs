//! A portfolio that is loaded in bulk, and followed.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use api::clock::today;
use chrono_tz::Tz;
use domain::{ids::OrganizationId, span::month_after};
use sqlx::{Executor, PgConnection, PgPool};
use store::testing::TestServer;
use streams::{node, progress};
use tests::{Installation, Serving};
use tokio::{io::AsyncReadExt, process::Child, time::sleep};

use crate::{
    PROPERTYOS,
    estate::{mebibytes, memory},
    report::Report,
};

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How much of a business there is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub units: u32,
    /// So many months, the present one included: what happens in the days of it that are still to come is there too.
    pub months: u32,
}

/// An organization with its history, alone in its database.
pub struct Portfolio {
    pub installation: Installation,
    pub organization: OrganizationId,
    pub events: i64,
}

impl Portfolio {
    /// Loads one into a new database, lets the read models follow, and reports how fast that was.
    pub async fn load(report: &mut Report, server: &Arc<TestServer>, size: Size) -> Self {
        let installation = Installation::on(PROPERTYOS, server.database(&[]).await);
        installation.output(&["migrate"]).await;
        let [units, months] = [size.units, size.months].map(|number| number.to_string());
        let from = month_after(today(Tz::UTC), 1)
            .checked_sub_months(chrono::Months::new(size.months))
            .expect("a day not so long ago")
            .to_string();
        let demo = [
            "demo", "--bulk", "--units", &units, "--months", &months, "--from", &from,
        ];
        let begun = Instant::now();
        let mut child = installation
            .command(&demo)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("the binary can be run");
        let (organization, most) = finish(&mut child).await;
        let took = begun.elapsed();
        let portfolio = Self {
            organization: organization.parse().expect("the organization's id"),
            events: events(&installation).await,
            installation,
        };
        report.figure(
            &format!("`demo --bulk` of {units} units and {months} months"),
            &format!(
                "{:.0} events/s of {}, {most} MiB of memory at most",
                portfolio.rate(took),
                portfolio.events
            ),
            "",
        );
        portfolio.follow(report).await;
        portfolio
    }

    /// Lets all read models catch up for the first time, and reports how fast that was.
    async fn follow(&self, report: &mut Report) {
        let begun = Instant::now();
        let serving = self.serve().await;
        let figure = format!("{:.0} events/s of {}", self.rate(begun.elapsed()), self.events);
        report.figure("`serve` catches up with all read models at once", &figure, "");
        let what = format!(
            "memory of `propertyos serve` when it has caught up with {}",
            self.millions()
        );
        report.figure(&what, &memory(&serving), "");
        assert!(serving.stop().await.success(), "it stops in order");
        self.settle().await;
    }

    /// Starts `serve` and waits until all its read models have caught up.
    pub async fn serve(&self) -> Serving {
        let serving = self.installation.serve().await;
        let stream = self.installation.database().expect("a database").pools().await.stream;
        while !self.is_followed(&stream).await {
            sleep(LOOK_EVERY).await;
        }
        serving
    }

    /// As autovacuum leaves it after a while, which would else come in the middle of something.
    async fn settle(&self) {
        let mut superuser = self.superuser().await;
        superuser.execute("VACUUM (ANALYZE)").await.expect("a superuser");
        superuser.execute("CHECKPOINT").await.expect("a superuser");
    }

    /// Whether no read model lacks anything of the log, the search index of a running process included.
    async fn is_followed(&self, stream: &PgPool) -> bool {
        let read_models = progress::lag(stream).await.expect("the log's readers");
        let nodes = node::lag(stream, None).await.expect("the log's readers");
        let behind = read_models.iter().map(|read_model| read_model.events);
        !nodes.is_empty()
            && behind
                .chain(nodes.iter().map(|node| node.events))
                .all(|events| events == 0)
    }

    pub async fn superuser(&self) -> PgConnection {
        superuser(&self.installation).await
    }

    pub async fn token(&self) -> String {
        let organization = self.organization.to_string();
        let token = ["token", "--role", "admin", "--organization", &organization];
        self.installation.output(&token).await
    }

    #[expect(clippy::cast_precision_loss, reason = "a count of events")]
    fn rate(&self, took: Duration) -> f64 {
        self.events as f64 / took.as_secs_f64()
    }

    /// For a table.
    pub fn millions(&self) -> String {
        #[expect(clippy::cast_precision_loss, reason = "a count of events")]
        let millions = self.events as f64 / 1e6;
        format!("{millions:.1} million events")
    }
}

/// Waits for its end, and says what it printed and the most memory it held, in MiB.
async fn finish(child: &mut Child) -> (String, u64) {
    let pid = child.id().expect("it runs");
    let mut most = 0;
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child can be asked") {
            break status;
        }
        most = mebibytes(pid, "VmHWM:").unwrap_or(most).max(most);
        sleep(LOOK_EVERY).await;
    };
    assert!(status.success(), "the load ended: {status}");
    let mut printed = String::new();
    let mut output = child.stdout.take().expect("it was taken hold of");
    output.read_to_string(&mut printed).await.expect("text");
    (printed.trim_end().to_owned(), most)
}

async fn events(installation: &Installation) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM events")
        .fetch_one(&mut superuser(installation).await)
        .await
        .expect("a log")
}

async fn superuser(installation: &Installation) -> PgConnection {
    installation.database().expect("a database").superuser().await
}
