//! One process that does everything: commands through HTTP while its read models follow, and its memory.

use std::time::Duration;

use store::testing::TestServer;

use crate::{
    estate::{founded, memory},
    over_http::{OverHttp, Sender},
    report::Report,
    rounds::{Contestant, Rounds},
};

const CLIENTS: [u32; 3] = [1, 16, 64];

pub async fn measure(report: &mut Report, rounds: usize, lasting: Duration) {
    let installation = founded(&TestServer::own().await).await;
    let serving = installation.serve().await;
    let token = installation.output(&["token", "--role", "admin"]).await;
    report.figure("memory of `propertyos serve` at its start", &memory(&serving), "");
    let sender = Sender::open(&serving, token).await;
    let mut http: Vec<Box<dyn Contestant>> = vec![Box::new(OverHttp {
        sender,
        process: "serve",
    })];
    for clients in CLIENTS {
        let done = Rounds::run(&mut http, rounds, clients, lasting).await;
        report.rate(&http[0].name(), clients, &done, 0, None);
    }
    report.figure("memory of `propertyos serve` after it", &memory(&serving), "");
    assert!(serving.stop().await.success(), "it stops in order");
}
