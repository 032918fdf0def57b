//! A portfolio that is loaded in bulk, and followed.

use std::{
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use api::clock::today;
use chrono::Months;
use chrono_tz::Tz;
use domain::{ids::OrganizationId, span::month_after};
use sqlx::{Executor, PgConnection};
use store::testing::TestServer;
use streams::progress;
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

impl Size {
    /// The command that makes it.
    fn demo(self) -> String {
        let from = month_after(today(Tz::UTC), 1).checked_sub_months(Months::new(self.months));
        let from = from.expect("a day not so long ago");
        format!(
            "demo --bulk --units {} --months {} --from {from}",
            self.units, self.months
        )
    }
}

/// An organization with its history, alone in its database.
pub struct Portfolio {
    pub installation: Installation,
    pub organization: OrganizationId,
    pub events: i64,
}

impl Portfolio {
    /// Loads one into a new database, and lets the read models follow.
    pub async fn make(report: &mut Report, server: &Arc<TestServer>, size: Size) -> Self {
        let installation = Installation::on(PROPERTYOS, server.database(&[]).await);
        let portfolio = Self::load(report, installation, size).await;
        portfolio.follow(report).await;
        portfolio
    }

    /// Loads one where there is nothing yet, and reports how fast that was.
    pub async fn load(report: &mut Report, installation: Installation, size: Size) -> Self {
        installation.output(&["migrate"]).await;
        let begun = Instant::now();
        let mut child = installation
            .command(&size.demo().split(' ').collect::<Vec<_>>())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary can be run");
        let (organization, most) = finish(&mut child).await;
        let took = begun.elapsed();
        let portfolio = Self::loaded(installation, organization.parse().expect("the organization's id")).await;
        let (rate, events) = (per_second(portfolio.events, took), portfolio.events);
        report.figure(
            &format!("`demo --bulk` of {} units and {} months", size.units, size.months),
            &format!("{rate:.0} events/s of {events}, {most} MiB of memory at most"),
            "",
        );
        portfolio
    }

    /// One that was loaded before.
    pub async fn loaded(installation: Installation, organization: OrganizationId) -> Self {
        Self {
            organization,
            events: events(&installation).await,
            installation,
        }
    }

    /// Lets all read models catch up for the first time, and reports how fast that was.
    pub async fn follow(&self, report: &mut Report) {
        let pools = self.installation.database().expect("a database").pools().await;
        let behind = progress::lag(&pools.stream).await.expect("the log's readers");
        let behind = behind.iter().map(|read_model| read_model.events).max();
        let new = behind.unwrap_or(self.events);
        let begun = Instant::now();
        let serving = self.serve().await;
        let figure = format!("{:.0} events/s of {new}", per_second(new, begun.elapsed()));
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
        self.installation.catch_up().await;
        serving
    }

    /// As autovacuum leaves it after a while, which would else come in the middle of something.
    async fn settle(&self) {
        let mut superuser = self.superuser().await;
        superuser.execute("VACUUM (ANALYZE)").await.expect("a superuser");
        superuser.execute("CHECKPOINT").await.expect("a superuser");
    }

    pub async fn superuser(&self) -> PgConnection {
        superuser(&self.installation).await
    }

    pub async fn token(&self) -> String {
        let organization = self.organization.to_string();
        let token = ["token", "--role", "admin", "--organization", &organization];
        self.installation.output(&token).await
    }

    /// For a table.
    pub fn millions(&self) -> String {
        #[expect(clippy::cast_precision_loss, reason = "a count of events")]
        let millions = self.events as f64 / 1e6;
        format!("{millions:.1} million events")
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of events")]
fn per_second(events: i64, took: Duration) -> f64 {
    events as f64 / took.as_secs_f64()
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
