//! What depends on how much there is: sections that share a large portfolio.

use store::testing::TestServer;
use tests::plans::Plans;

use crate::{
    portfolio::{Portfolio, Size},
    queries, rebuilds,
    report::Report,
};

/// Which sections are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Sections {
    pub queries: bool,
    pub rebuild: bool,
}

impl Sections {
    fn is_none(self) -> bool {
        !(self.queries || self.rebuild)
    }
}

pub async fn measure(report: &mut Report, sections: Sections, size: Size, pace: u32) {
    if sections.is_none() {
        return;
    }
    let server = TestServer::own().await;
    let plans = Plans::on(&server, &[]).await;
    let portfolio = Portfolio::load(report, &server, size).await;
    if sections.queries {
        queries::measure(report, &portfolio, &plans, pace).await;
    }
    if sections.rebuild {
        let serving = portfolio.serve().await;
        rebuilds::measure(report, &portfolio.installation).await;
        assert!(serving.stop().await.success(), "it stops in order");
    }
}
