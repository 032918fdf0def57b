//! Which of the commands that wait can be appended in one call.

use std::collections::{HashSet, VecDeque};

use domain::ids::{CommandId, OrganizationId, PersonId};
use tokio::sync::oneshot;

use super::{StreamId, call::Outcome, types::Prepared};

/// A command that waits for its turn, and who waits for its answer.
pub(super) struct Waiting {
    pub(super) prepared: Prepared,
    pub(super) answer: oneshot::Sender<Outcome>,
}

/// What the payloads of these commands take.
pub(super) fn bytes(batch: &[Waiting]) -> usize {
    batch.iter().map(|waiting| waiting.prepared.bytes).sum()
}

/// At most so many commands go into one call.
const MAX_COMMANDS: usize = 256;
/// A call is full when its payloads take so many bytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What stands in a batch. The database refuses a batch in which a stream that one command writes is written or expected by
/// another, since the second would be checked against what the first is about to change.
#[derive(Default)]
struct Taken {
    commands: HashSet<(OrganizationId, CommandId)>,
    written: HashSet<(OrganizationId, StreamId)>,
    expected: HashSet<(OrganizationId, StreamId)>,
    persons: HashSet<(OrganizationId, PersonId)>,
    bytes: usize,
}

impl Taken {
    fn fits(&self, prepared: &Prepared) -> bool {
        let command = &prepared.command;
        let of = command.organization;
        self.commands.len() < MAX_COMMANDS
            && (self.bytes == 0 || self.bytes + prepared.bytes <= MAX_BYTES)
            && !self.commands.contains(&(of, command.command_id))
            && command
                .expectations
                .iter()
                .all(|(stream, _)| !self.written.contains(&(of, *stream)))
            && prepared.written().all(|stream| !self.expected.contains(&(of, stream)))
            && command
                .person_keys
                .iter()
                .all(|(person, _)| !self.persons.contains(&(of, *person)))
    }

    fn take(&mut self, prepared: &Prepared) {
        let command = &prepared.command;
        let of = command.organization;
        self.commands.insert((of, command.command_id));
        self.expected
            .extend(command.expectations.iter().map(|(stream, _)| (of, *stream)));
        self.written.extend(prepared.written().map(|stream| (of, stream)));
        self.persons
            .extend(command.person_keys.iter().map(|(person, _)| (of, *person)));
        self.bytes += prepared.bytes;
    }
}

/// Takes from the front whatever goes together; the rest keeps its order and its turn. The first always goes.
pub(super) fn take(waiting: &mut VecDeque<Waiting>) -> Vec<Waiting> {
    let mut taken = Taken::default();
    let mut batch = Vec::new();
    let mut rest = VecDeque::new();
    for next in waiting.drain(..) {
        if taken.fits(&next.prepared) {
            taken.take(&next.prepared);
            batch.push(next);
        } else {
            rest.push_back(next);
        }
    }
    *waiting = rest;
    batch
}
