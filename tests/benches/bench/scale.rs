//! What depends on how much there is: sections that share a large portfolio.

use std::time::Duration;

use store::testing::TestServer;
use tests::plans::Plans;

use crate::{
    growth,
    portfolio::{Portfolio, Size},
    queries, rebuilds,
    report::Report,
};

pub const SIZE: Size = Size {
    units: 5_000,
    months: 24,
};
/// The small portfolio that the large one is held against is a tenth of it.
const TENTH: u32 = 10;
/// How many rounds of growth there are, at most: each has all sizes, and there are many things to compare.
const ROUNDS_OF_GROWTH: usize = 3;

/// Which sections are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Sections {
    pub queries: bool,
    pub rebuild: bool,
    pub growth: bool,
}

/// How they are measured.
#[derive(Debug, Clone, Copy)]
pub struct How {
    pub size: Size,
    pub queries_per_second: u32,
    pub rounds: usize,
    pub lasting: Duration,
}

impl Sections {
    fn is_none(self) -> bool {
        !(self.queries || self.rebuild || self.growth)
    }
}

pub async fn measure(report: &mut Report, sections: Sections, how: How) {
    if sections.is_none() {
        return;
    }
    let server = TestServer::own().await;
    let plans = Plans::on(&server, &[]).await;
    let portfolio = Portfolio::make(report, &server, how.size).await;
    if sections.queries {
        queries::measure(report, &portfolio, &plans, how.queries_per_second).await;
    }
    if sections.rebuild {
        let serving = portfolio.serve().await;
        rebuilds::measure(report, &portfolio.installation).await;
        assert!(serving.stop().await.success(), "it stops in order");
    }
    if sections.growth {
        let small = Size {
            units: how.size.units.div_ceil(TENTH),
            ..how.size
        };
        let small = Portfolio::make(report, &server, small).await;
        let rounds = how.rounds.min(ROUNDS_OF_GROWTH);
        growth::measure(report, &[&small, &portfolio], rounds, how.lasting).await;
    }
}
