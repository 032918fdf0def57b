//! How fast each read model is made anew from the log.

use std::time::{Duration, Instant};

use projections::search::{Node, marks_in};
use store::{connect, personal::PersonalData, secrets::Secrets};
use streams::{Feed, LogSource, Reader};
use tests::Installation;

use crate::per_second;

pub async fn measure(installation: &Installation) {
    println!("{:>10} {:>9} {:>10}", "read model", "events", "events/s");
    for read_model in ["ledger", "dashboard", "directory"] {
        let said = installation.output(&["replay", "rebuild", read_model]).await;
        let words: Vec<&str> = said.split(' ').collect();
        let [events, "events", "in", seconds, "s"] = words[..] else {
            panic!("a rebuild says something else: {said}")
        };
        let took = Duration::from_secs_f64(seconds.parse().expect("seconds"));
        tell(read_model, events.parse().expect("a count"), took);
    }
    let (events, took) = search(installation).await;
    tell("search", events, took);
}

fn tell(read_model: &str, events: u64, took: Duration) {
    println!("{read_model:>10} {events:>9} {:>10.0}", per_second(events, took));
}

/// Makes another index beside that of the server, up to where that one stands.
async fn search(installation: &Installation) -> (u64, Duration) {
    let settings = installation.database().expect("a database").settings();
    let pools = connect(&settings).await.expect("connections");
    let secrets = Secrets::in_folder(&installation.data_folder().join("secrets")).expect("the keys");
    let reader = Reader::new(pools.stream.clone(), PersonalData::new(secrets.master));
    let feed = Feed::new(LogSource::new(pools.stream.clone()), reader);
    let marks = marks_in(&installation.data_folder().join("search")).expect("an index");
    let folder = tempfile::tempdir().expect("a folder");
    let mut node = Node::open(folder.path()).expect("an empty index");
    let begun = Instant::now();
    let events = node.follow(&feed, &marks).await.expect("a log");
    (events, begun.elapsed())
}
