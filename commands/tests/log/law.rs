//! The law of combined appends: whatever meets in the writer, the log that comes of it is one that the same commands could have
//! made one after the other.

use std::collections::HashMap;

use commands::log::{Appended, EventLog, NewCommand, heads};
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestCaseError, TestRunner},
};
use schemas::shard_of;
use sqlx::PgPool;

use crate::support::{Build, NEIGHBOURS, OURS, command, new_log, vendor};

/// A command as it is generated: of few ids and streams, so that they meet.
#[derive(Debug, Clone)]
struct Plan {
    id: u128,
    neighbour: bool,
    /// Stream and sequence.
    expects: Vec<(u128, i64)>,
    /// Which of these streams, in the order of the events.
    writes: Vec<Index>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let expects = prop::collection::btree_map(1_u128..5, 0_i64..4, 1..4);
    let writes = prop::collection::vec(any::<Index>(), 1..4);
    (1_u128..20, any::<bool>(), expects, writes).prop_map(|(id, neighbour, expects, writes)| Plan {
        id,
        neighbour,
        expects: expects.into_iter().collect(),
        writes,
    })
}

impl Plan {
    /// The command, with ids that no other round uses.
    fn command(&self, round: u128) -> NewCommand {
        let own = |n: u128| (round << 64) | n;
        let organization = if self.neighbour { NEIGHBOURS } else { OURS };
        let expecting =
            |command: NewCommand, (n, sequence): &(u128, i64)| command.expecting(vendor(own(*n)), *sequence);
        let command = self
            .expects
            .iter()
            .fold(command(own(self.id)).of(organization), expecting);
        let writing = |command: NewCommand, index: &Index| command.writing(vendor(own(index.get(&self.expects).0)), 1);
        self.writes.iter().fold(command, writing)
    }
}

#[test]
fn what_meets_in_the_writer_could_have_come_one_after_the_other() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (database, log) = runtime.block_on(new_log());
    let reader = runtime.block_on(database.pools()).stream;
    let mut runner = TestRunner::new(Config::with_cases(80));
    let rounds = std::cell::Cell::new(0);
    let law = |plans: Vec<Plan>| {
        rounds.set(rounds.get() + 1);
        let commands: Vec<_> = plans.iter().map(|plan| plan.command(rounds.get())).collect();
        runtime.block_on(given_at_once(&log, &reader, commands))
    };
    runner.run(&prop::collection::vec(plan(), 1..30), law).unwrap();
}

async fn given_at_once(log: &EventLog, reader: &PgPool, commands: Vec<NewCommand>) -> Result<(), TestCaseError> {
    let head = async || heads(reader).await.unwrap()[shard_of(OURS).index()];
    let before = head().await;
    let outcomes = futures::future::join_all(commands.iter().map(|command| log.append(command.clone()))).await;
    let mut written: Vec<(Appended, NewCommand)> = outcomes
        .into_iter()
        .zip(commands)
        .filter_map(|(outcome, command)| Some((outcome.ok()?, command)))
        .filter(|(appended, _)| !appended.repeated)
        .collect();
    written.sort_by_key(|(appended, _)| appended.first_position);
    let (after, streams) = one_after_the_other(before, &written)?;
    prop_assert_eq!(head().await, after);
    for ((organization, stream), last) in streams {
        let events = log.stream(organization, stream).await.unwrap();
        let sequences: Vec<_> = events.iter().map(|event| event.sequence).collect();
        prop_assert_eq!(sequences, (1..=last).collect::<Vec<_>>());
    }
    Ok(())
}

type Streams = HashMap<(domain::ids::OrganizationId, commands::log::StreamId), i64>;

/// Plays the commands on a model of the log: the last position, and the last sequence of each stream.
fn one_after_the_other(before: i64, written: &[(Appended, NewCommand)]) -> Result<(i64, Streams), TestCaseError> {
    let mut last = before;
    let mut streams = Streams::new();
    for (appended, command) in written {
        prop_assert_eq!(appended.first_position, last + 1);
        last += i64::try_from(command.events.len()).unwrap();
        prop_assert_eq!(appended.last_position, last);
        for (stream, expected) in &command.expectations {
            let stands_at = streams.get(&(command.organization, *stream)).copied().unwrap_or(0);
            prop_assert_eq!(stands_at, *expected);
        }
        for event in &command.events {
            *streams.entry((command.organization, event.stream)).or_insert(0) += 1;
        }
    }
    Ok((last, streams))
}
