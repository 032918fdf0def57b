//! Whatever the topic brings, a reader gets the log.

use chrono::{DateTime, NaiveDate};
use domain::ids::OrganizationId;
use proptest::prelude::*;
use schemas::{Metadata, Shard};
use serde_json::value::RawValue;

use super::*;

const PATIENCE: Duration = Duration::from_secs(1);
const SHARD: Shard = Shard::new(3).unwrap();

fn at(position: i64) -> Cursor {
    Cursor {
        position,
        ..Cursor::start(SHARD)
    }
}

/// The log's event at a position.
fn event(position: i64) -> Recorded {
    Recorded {
        epoch: 1,
        shard: SHARD,
        position,
        tenant_id: OrganizationId(Uuid::from_u128(1)),
        aggregate_type: "vendor".into(),
        aggregate_id: Uuid::from_u128(2),
        sequence: position,
        event_type: "vendor.blocked".into(),
        event_version: 1,
        payload: RawValue::from_string("{}".into()).unwrap(),
        metadata: Metadata {
            actor: Uuid::from_u128(3),
            correlation_id: Uuid::from_u128(4),
            causation_id: None,
            occurred_at: DateTime::UNIX_EPOCH,
            effective_date: NaiveDate::default(),
            traceparent: None,
        },
        event_id: Uuid::from_u128(u128::try_from(position).unwrap()),
        command_id: Uuid::from_u128(5),
        command_index: 0,
        recorded_at: DateTime::UNIX_EPOCH,
    }
}

fn batch(from: i64, to: i64) -> Option<Batch> {
    let events: Vec<Recorded> = (from..=to).map(event).collect();
    (!events.is_empty()).then_some(Batch { shard: SHARD, events })
}

/// What may happen to a front, in any order.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A relay sends a run again or goes on: these positions come from the topic.
    Run {
        from: i64,
        length: i64,
    },
    /// The log grows.
    Append(i64),
    /// One of the readers reads.
    Read {
        reader: usize,
        events: usize,
    },
    /// The place in the topic is found anew.
    Join,
    /// The broker says that the place is gone.
    Leave,
    Silence,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..40_i64, 1..6_i64).prop_map(|(from, length)| Step::Run { from, length }),
        2 => (1..4_i64).prop_map(Step::Append),
        8 => (0..2_usize, 1..5_usize).prop_map(|(reader, events)| Step::Read { reader, events }),
        3 => Just(Step::Join),
        1 => Just(Step::Leave),
        1 => Just(Step::Silence),
    ];
    prop::collection::vec(step, 1..150)
}

/// A front between a log and two readers.
struct Play {
    front: Front,
    now: Instant,
    head: i64,
    read: [i64; 2],
}

impl Play {
    fn step(&mut self, step: Step) {
        match step {
            Step::Run { from, length } => {
                for position in (from + 1..=from + length).filter(|position| *position <= self.head) {
                    self.front.receive(event(position), self.now).unwrap();
                }
            }
            Step::Append(events) => self.head += events,
            Step::Read { reader, events } => self.read(reader, events),
            Step::Join => {
                if let Some(wanted) = self.front.wanted.filter(|_| !self.front.is_joined()) {
                    self.front.join(wanted, None, self.now);
                }
            }
            Step::Leave => self.front.leave(),
            Step::Silence => self.now += 2 * PATIENCE,
        }
    }

    fn read(&mut self, reader: usize, events: usize) {
        let limit = Limit { events, bytes: 1_000 };
        let cursor = at(self.read[reader]);
        let read: Vec<Recorded> = match self.front.take(cursor, limit, self.now, PATIENCE) {
            Taken::Events(events) => events,
            Taken::Wait => Vec::new(),
            Taken::AskLog => {
                let last = self.head.min(cursor.position + i64::try_from(events).unwrap());
                let found = batch(cursor.position + 1, last);
                self.front.looked(cursor, found.as_ref());
                found.map(|batch| batch.events).unwrap_or_default()
            }
        };
        assert!(read.len() <= events);
        for event in read {
            self.read[reader] += 1;
            assert_eq!(event.position, self.read[reader], "the next one, once");
        }
    }
}

proptest! {
    #[test]
    fn each_reader_gets_the_log_in_order_whatever_the_topic_brings(steps in steps()) {
        let mut play = Play {
            front: Front::default(),
            now: Instant::now(),
            head: 0,
            read: [0; 2],
        };
        for step in steps {
            play.step(step);
        }
        // A topic that says nothing any more keeps nobody from the end of the log.
        for reader in [0, 1] {
            for _ in 0..2 * play.head {
                play.now += 2 * PATIENCE;
                play.read(reader, 3);
            }
        }
        prop_assert_eq!(play.read, [play.head; 2]);
    }
}

#[test]
fn what_goes_on_in_the_topic_is_taken_from_there() {
    let now = Instant::now();
    let mut front = Front::default();
    front.join(at(2), None, now);
    for position in [1, 2, 3, 3, 4] {
        front.receive(event(position), now).unwrap();
    }
    let limit = Limit { events: 9, bytes: 9 };
    let Taken::Events(events) = front.take(at(2), limit, now, PATIENCE) else {
        panic!("3 and 4 are there");
    };
    let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
    assert_eq!(positions, [3, 4]);
    assert!(matches!(front.take(at(4), limit, now, PATIENCE), Taken::Wait));
}

#[test]
fn a_gap_leads_back_to_the_log() {
    let now = Instant::now();
    let mut front = Front::default();
    front.join(at(2), None, now);
    assert_eq!(front.receive(event(4), now), Ok(Received::Gap));
    assert!(matches!(
        front.take(at(2), Limit { events: 9, bytes: 9 }, now, PATIENCE),
        Taken::AskLog
    ));
}

#[test]
fn another_event_where_the_log_has_one_is_a_fault() {
    let now = Instant::now();
    let mut front = Front::default();
    let anchor = Anchor {
        cursor: at(2),
        event_id: Uuid::from_u128(99),
    };
    front.join(at(2), Some(anchor), now);
    assert_eq!(front.receive(event(1), now), Ok(Received::Dropped));
    let fault = front.receive(event(2), now).unwrap_err();
    assert!(matches!(fault, Fault::Replaced { found: Some(id), .. } if id == Uuid::from_u128(2)));
}

#[test]
fn who_is_not_asked_for_long_is_forgotten() {
    let now = Instant::now();
    let mut front = Front::default();
    front.join(at(0), None, now);
    assert!(!front.is_forgotten(now + PATIENCE, PATIENCE));
    assert!(front.is_forgotten(now + 2 * PATIENCE, PATIENCE));
    front.take(at(0), Limit { events: 9, bytes: 9 }, now + PATIENCE, PATIENCE);
    assert!(!front.is_forgotten(now + 2 * PATIENCE, PATIENCE));
}
