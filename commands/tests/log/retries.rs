//! The law of retries: however often, by whichever process, in whatever order and however stale its memory commands are given
//! again, each is written at most once, and once it has an answer that stays its answer.

use std::collections::HashMap;

use commands::{
    execute::{Commands, ExecuteError, Receipt},
    handlers::OnStream,
};
use domain::vendor::Vendor;
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};

use crate::office::{Office, block, create, given, stream_of, unblock, update};

/// Which of a few commands is given, and by which process.
#[derive(Debug, Clone)]
struct Attempt {
    command: u128,
    by: prop::sample::Index,
}

fn attempt() -> impl Strategy<Value = Attempt> {
    (0_u128..12, any::<prop::sample::Index>()).prop_map(|(command, by)| Attempt { command, by })
}

/// What a command asks for follows from its number, so that given again it asks for the same.
fn asked(command: u128, vendor: u128) -> OnStream<Vendor> {
    match command % 4 {
        0 => create(vendor),
        1 => update(vendor, &format!("Drip {command}")),
        2 => block(vendor, "no insurance"),
        _ => unblock(vendor),
    }
}

#[test]
fn a_command_is_written_at_most_once_and_its_answer_stays() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (office, processes) = runtime.block_on(async {
        let office = Office::open().await;
        let processes = [office.process().await, office.process().await, office.process().await];
        (office, processes)
    });
    let rounds = std::cell::Cell::new(0);
    let law = |attempts: Vec<Attempt>| {
        rounds.set(rounds.get() + 1);
        runtime.block_on(holds(&processes, rounds.get(), attempts))
    };
    let attempts = prop::collection::vec(attempt(), 1..40);
    TestRunner::new(Config::with_cases(24)).run(&attempts, law).unwrap();
    drop((processes, office));
}

async fn holds(processes: &[Commands], round: u128, attempts: Vec<Attempt>) -> Result<(), TestCaseError> {
    // Two vendors of its own for each round.
    let vendor = |command: u128| (round << 8) | (command % 2);
    let mut answers: HashMap<u128, Receipt> = HashMap::new();
    for Attempt { command, by } in attempts {
        let id = given((1 << 100) | (round << 64) | command);
        let result = by
            .get(processes)
            .execute(&id, &asked(command / 2, vendor(command)))
            .await;
        match (result, answers.get(&command)) {
            (Ok(receipt), None) => {
                prop_assert!(!receipt.repeated);
                answers.insert(command, receipt);
            }
            (Ok(receipt), Some(first)) => {
                prop_assert!(receipt.repeated);
                prop_assert_eq!(&receipt.written, &first.written);
                let place = |receipt: &Receipt| (receipt.epoch, receipt.first_position, receipt.last_position);
                prop_assert_eq!(place(&receipt), place(first));
            }
            (Err(ExecuteError::Refused(_)), None) => {}
            (Err(error), first) => prop_assert!(false, "{error:?} after {first:?}"),
        }
    }
    let mut written = answers
        .values()
        .flat_map(|receipt| &receipt.written)
        .map(|event| event.event_id)
        .collect::<Vec<_>>();
    let mut stored = Vec::new();
    for n in 0..2 {
        stored.extend(
            stream_of(&processes[0], vendor(n))
                .await
                .iter()
                .map(|event| event.event_id),
        );
    }
    written.sort_unstable();
    stored.sort_unstable();
    prop_assert_eq!(written, stored);
    Ok(())
}
