//! A portfolio of 100,000 units beside smaller ones, in parts: a run that was cut off goes on with the part that it was at.
//!
//! What is kept is the server's data, each portfolio's keys and search index, and what was done, with its rows of the table.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use domain::ids::OrganizationId;
use serde_json::{Value, json};
use store::testing::TestServer;
use tests::{Installation, plans::Plans};

use crate::{
    PROPERTYOS, growth,
    portfolio::{Portfolio, Size},
    queries,
    report::Report,
    scale::How,
};

/// The portfolios, by how many times smaller they are than the largest.
const PORTFOLIOS: [(&str, u32); 3] = [("small", 100), ("middle", 10), ("large", 1)];

/// About 105 events for each unit.
pub const SIZE: Size = Size {
    units: 100_000,
    months: 10,
};

pub const METHOD: &str = "\
`make bench-large`: one round, on a server of its own, with the memory that `serve` gives its own, everything on the one machine. The largest portfolio has \
100,000 units and ten months of history, about 10 million events: two years would be 25 million, which with their read models would take some 50 GB, going by what fewer take. \
It is one organization, since what is asked is asked of one, and a bulk load is cheaper begun anew than taken up. The others have a tenth \
and a hundredth of its units.";

/// What was done, in a file beside the data: by part the rows of the table that it gave, by portfolio its organization.
struct Journal {
    file: PathBuf,
    known: Value,
}

/// Measures in this folder, and goes on if something is there.
pub async fn measure(report: &mut Report, folder: &Path, how: How) {
    fs::create_dir_all(folder).expect("a folder");
    let folder = folder.canonicalize().expect("a folder that is there");
    let mut journal = Journal::open(&folder);
    let server = TestServer::kept_in(&folder).await;
    let plans = Plans::on(&server, &[]).await;
    let mut portfolios = Vec::new();
    for (name, part) in PORTFOLIOS {
        let size = Size {
            units: how.size.units.div_ceil(part),
            ..how.size
        };
        portfolios.push(journal.portfolio(report, &server, (&folder, name), size).await);
    }
    let [small, middle, large] = &portfolios[..] else {
        unreachable!("as many as are named")
    };
    if journal.has_to(report, "queries") {
        let begun = report.rows().len();
        queries::measure(report, large, &plans, how.queries_per_second).await;
        journal.did("queries", &report.rows()[begun..]);
    }
    if journal.has_to(report, "growth") {
        let begun = report.rows().len();
        growth::measure(report, &[small, middle, large], 1, how.lasting).await;
        journal.did("growth", &report.rows()[begun..]);
    }
    drop(portfolios);
    server.stop().await;
    fs::remove_dir_all(folder).expect("one's own folder");
}

impl Journal {
    fn open(folder: &Path) -> Self {
        let file = folder.join("done.json");
        let known = fs::read(&file).ok();
        let known = known.map(|text| serde_json::from_slice(&text).expect("its own file"));
        Self {
            known: known.unwrap_or_else(|| json!({"done": {}, "organizations": {}})),
            file,
        }
    }

    /// Whether a part is still to be done; if not, its rows are shown again.
    fn has_to(&self, report: &mut Report, part: &str) -> bool {
        let Some(rows) = self.known["done"][part].as_array() else {
            return true;
        };
        rows.iter().filter_map(Value::as_str).for_each(|row| report.again(row));
        false
    }

    fn did(&mut self, part: &str, rows: &[String]) {
        self.known["done"][part] = json!(rows);
        let new = self.file.with_extension("new");
        fs::write(&new, self.known.to_string()).expect("room for a line");
        fs::rename(new, &self.file).expect("its own file");
    }

    fn organization(&self, name: &str) -> OrganizationId {
        let known = self.known["organizations"][name]
            .as_str()
            .and_then(|id| id.parse().ok());
        known.expect("its own file")
    }

    /// A portfolio that all read models have followed. A load that was cut off begins anew, in another database; following goes on.
    async fn portfolio(
        &mut self,
        report: &mut Report,
        server: &Arc<TestServer>,
        (folder, name): (&Path, &str),
        size: Size,
    ) -> Portfolio {
        let installation = |database| Installation::on(PROPERTYOS, database).kept_in(&folder.join(name));
        let part = format!("load {name}");
        let begun = report.rows().len();
        let portfolio = if self.has_to(report, &part) {
            let installation = installation(server.new_database(name).await);
            let portfolio = Portfolio::load(report, installation, size).await;
            self.known["organizations"][name] = json!(portfolio.organization.to_string());
            self.did(&part, &report.rows()[begun..]);
            portfolio
        } else {
            let installation = installation(server.kept_database(name));
            Portfolio::loaded(installation, self.organization(name)).await
        };
        let part = format!("follow {name}");
        if self.has_to(report, &part) {
            let begun = report.rows().len();
            portfolio.follow(report).await;
            self.did(&part, &report.rows()[begun..]);
        }
        portfolio
    }
}
