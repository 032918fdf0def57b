//! What the clients of a benchmark do: the demo's mix of commands, or one kind of command.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::rounds::Turn;

const UNITS_OF_A_PROPERTY: u32 = 20;
const MONTHS: u32 = 12;
const REPAIRS: u32 = 3;
/// So many commands are given to a vendor before it is the turn of a new one. The peers of `tests/peers` do the same.
const COMMANDS_OF_A_VENDOR: u32 = 20;

/// One command. Ids are those that earlier steps answered.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    Property,
    Unit { property: Uuid, number: u32 },
    Resident,
    Draft { unit: Uuid, resident: Uuid, number: u32 },
    Sign { lease: Uuid },
    Activate { lease: Uuid },
    Charge { lease: Uuid },
    Receive { lease: Uuid, resident: Uuid, number: u32 },
    Bank { payment: Uuid },
    Report { property: Uuid, unit: Uuid, resident: Uuid },
    Convert { request: Uuid },
    Schedule { order: Uuid },
    Finish { order: Uuid },
    Complete { order: Uuid },
    Vendor,
    Block { vendor: Uuid },
    Unblock { vendor: Uuid },
}

/// Where commands are given.
pub trait Gate: Clone + Send + 'static {
    /// Gives one, and answers the id of what it began: of the work order, where a request was converted.
    fn give(&self, step: Step) -> impl Future<Output = Uuid> + Send;
}

/// Which commands are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// A unit is taken on and let, and a year of it is charges and receipts month by month, and some repairs.
    Mix,
    /// A vendor is taken on, then blocked and unblocked in turn.
    OneKind,
}

/// How often something is done, if it must be slower than it could be.
#[derive(Debug, Clone)]
pub struct Pace {
    begun: Instant,
    every: Duration,
    given: Arc<AtomicU64>,
}

impl Pace {
    pub fn new(per_second: u32) -> Self {
        Self {
            begun: Instant::now(),
            every: Duration::from_secs(1) / per_second,
            given: Arc::default(),
        }
    }

    /// Waits until the next one is due; all who share this pace take turns.
    pub async fn next(&self) {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        let due = self.begun + Duration::from_nanos(u64::try_from(self.every.as_nanos()).unwrap_or(u64::MAX) * number);
        tokio::time::sleep_until(due.into()).await;
    }
}

/// So large a part of a turn goes by before it counts, if clients work as fast as they can: what lies idle while others have their turn is
/// cold by then. The peers of `tests/peers` have as much, and the floor more.
pub const WARM_UP: u32 = 8;

/// Clients who all work until the time is up, each with things of its own.
pub async fn run<G: Gate>(
    load: Load,
    clients: u32,
    lasting: Duration,
    pace: Option<Pace>,
    gate: impl Fn(u32) -> G,
) -> Turn {
    let warm_up = if pace.is_none() {
        lasting / WARM_UP
    } else {
        Duration::ZERO
    };
    let from = Instant::now() + warm_up;
    let mut all = JoinSet::new();
    for number in 0..clients {
        let client = Client {
            gate: gate(number),
            from,
            until: from + lasting,
            pace: pace.clone(),
            latencies: Vec::new(),
        };
        all.spawn(client.work(load));
    }
    let latencies = all.join_all().await.concat();
    Turn::of(latencies, from.elapsed())
}

struct Client<G> {
    gate: G,
    /// What begins before isn't counted.
    from: Instant,
    until: Instant,
    pace: Option<Pace>,
    latencies: Vec<Duration>,
}

/// Ends what a client does when its time is up.
struct TimeIsUp;

impl<G: Gate> Client<G> {
    async fn work(mut self, load: Load) -> Vec<Duration> {
        loop {
            let done = match load {
                Load::Mix => self.property().await,
                Load::OneKind => self.vendor().await,
            };
            if let Err(TimeIsUp) = done {
                return self.latencies;
            }
        }
    }

    async fn vendor(&mut self) -> Result<(), TimeIsUp> {
        let vendor = self.give(Step::Vendor).await?;
        for number in 1..COMMANDS_OF_A_VENDOR {
            let step = if number % 2 == 1 {
                Step::Block { vendor }
            } else {
                Step::Unblock { vendor }
            };
            self.give(step).await?;
        }
        Ok(())
    }

    async fn property(&mut self) -> Result<(), TimeIsUp> {
        let property = self.give(Step::Property).await?;
        for number in 1..=UNITS_OF_A_PROPERTY {
            self.unit(property, number).await?;
        }
        Ok(())
    }

    async fn unit(&mut self, property: Uuid, number: u32) -> Result<(), TimeIsUp> {
        let unit = self.give(Step::Unit { property, number }).await?;
        let resident = self.give(Step::Resident).await?;
        let lease = self.give(Step::Draft { unit, resident, number }).await?;
        self.give(Step::Sign { lease }).await?;
        self.give(Step::Activate { lease }).await?;
        for month in 0..MONTHS {
            self.give(Step::Charge { lease }).await?;
            let payment = self
                .give(Step::Receive {
                    lease,
                    resident,
                    number,
                })
                .await?;
            self.give(Step::Bank { payment }).await?;
            if month % (MONTHS / REPAIRS) == 0 {
                self.repair(property, unit, resident).await?;
            }
        }
        Ok(())
    }

    async fn repair(&mut self, property: Uuid, unit: Uuid, resident: Uuid) -> Result<(), TimeIsUp> {
        let report = Step::Report {
            property,
            unit,
            resident,
        };
        let request = self.give(report).await?;
        let order = self.give(Step::Convert { request }).await?;
        self.give(Step::Schedule { order }).await?;
        self.give(Step::Finish { order }).await?;
        self.give(Step::Complete { order }).await?;
        Ok(())
    }

    async fn give(&mut self, step: Step) -> Result<Uuid, TimeIsUp> {
        if let Some(pace) = &self.pace {
            pace.next().await;
        }
        let sent = Instant::now();
        if sent >= self.until {
            return Err(TimeIsUp);
        }
        let answer = self.gate.give(step).await;
        if sent >= self.from {
            self.latencies.push(sent.elapsed());
        }
        Ok(answer)
    }
}

/// What a unit is let for, in minor units.
pub fn rent(number: u32) -> i64 {
    100_000 + i64::from(number) * 5_000
}
