//! How soon `serve` is ready: with nothing there, and with data.

use std::time::{Duration, Instant};

use tests::Installation;

use crate::{PROPERTYOS, report::Report};

const GOALS: [(&str, Duration); 2] = [
    ("on nothing: a private PostgreSQL is made", Duration::from_secs(5)),
    ("on data that is there", Duration::from_secs(2)),
];

pub async fn measure(report: &mut Report) {
    let installation = Installation::new(PROPERTYOS);
    for (what, goal) in GOALS {
        let begun = Instant::now();
        let serving = installation.serve().await;
        let took = begun.elapsed();
        let met = if took <= goal { "met" } else { "missed" };
        report.figure(
            &format!("`serve` is ready {what}"),
            &format!("{:.2} s", took.as_secs_f64()),
            &format!("{} s: {met}", goal.as_secs()),
        );
        let demo = ["demo", "--units", "20", "--months", "2"];
        installation.output(&demo).await;
        assert!(serving.stop().await.success(), "it stops in order");
    }
}
