//! Rounds in which contestants take turns, so that what drifts drifts for all of them.

use std::{
    fmt::{self, Display},
    time::Duration,
};

use async_trait::async_trait;

use crate::machine::{DISTURBED, Watch};

/// What a contestant did in its turn.
#[derive(Debug, Clone, Default)]
pub struct Turn {
    /// How many a second.
    pub per_second: f64,
    /// How long half of them took at most, where each was timed.
    pub p50: Option<Duration>,
    /// How long 99 of 100 took at most.
    pub p99: Option<Duration>,
}

/// Something that is measured against others in the same rounds.
#[async_trait]
pub trait Contestant: Send {
    /// What the table calls it.
    fn name(&self) -> String;

    /// Works for a while with so many clients.
    async fn turn(&mut self, clients: u32, lasting: Duration) -> Turn;
}

/// What came out of some rounds, each a turn of every contestant.
pub struct Rounds {
    /// By contestant, by round.
    pub turns: Vec<Vec<Turn>>,
    /// How many rounds were discarded because others disturbed them.
    pub discarded: usize,
    /// The most that others took of the processors beside a round that counts.
    pub others: f64,
}

/// A middle value, with the least and the greatest.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub greatest: f64,
}

impl Rounds {
    /// Runs rounds until so many were undisturbed, twice as many at most. Each begins with another contestant.
    pub async fn run(contestants: &mut [Box<dyn Contestant>], wanted: usize, clients: u32, lasting: Duration) -> Self {
        let mut rounds = Self {
            turns: vec![Vec::new(); contestants.len()],
            discarded: 0,
            others: 0.0,
        };
        // What is cold in the first is not measured.
        for contestant in &mut *contestants {
            contestant.turn(clients, lasting / 4).await;
        }
        for round in 0..wanted * 2 {
            let watch = Watch::begin().await;
            let mut turns = vec![Turn::default(); contestants.len()];
            for n in 0..contestants.len() {
                let place = (n + round) % contestants.len();
                turns[place] = contestants[place].turn(clients, lasting).await;
            }
            let others = watch.others();
            if others > DISTURBED {
                rounds.discarded += 1;
                continue;
            }
            rounds.others = rounds.others.max(others);
            for (all, turn) in rounds.turns.iter_mut().zip(turns) {
                all.push(turn);
            }
            if rounds.turns[0].len() == wanted {
                break;
            }
        }
        rounds
    }

    /// How many times as much one contestant did as another, round by round.
    pub fn ratio(&self, of: usize, to: usize) -> Option<Spread> {
        let pairs = self.turns[of].iter().zip(&self.turns[to]);
        Spread::of(pairs.map(|(of, to)| of.per_second / to.per_second))
    }

    /// How many a second a contestant did.
    pub fn rate(&self, of: usize) -> Option<Spread> {
        Spread::of(self.turns[of].iter().map(|turn| turn.per_second))
    }

    /// The middle of what the rounds had as p50 and p99, in milliseconds.
    pub fn milliseconds(&self, of: usize) -> Option<(f64, f64)> {
        let middle = |of_turn: fn(&Turn) -> Option<Duration>, turns: &[Turn]| {
            Spread::of(turns.iter().filter_map(of_turn).map(|time| time.as_secs_f64() * 1e3))
        };
        let turns = &self.turns[of];
        Some((
            middle(|turn| turn.p50, turns)?.median,
            middle(|turn| turn.p99, turns)?.median,
        ))
    }
}

impl Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            median,
            least,
            greatest,
        } = self;
        write!(f, "{median:.2} ({least:.2} to {greatest:.2})")
    }
}

impl Spread {
    pub fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let (least, greatest) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = if values.len().is_multiple_of(2) {
            f64::midpoint(values[middle - 1], values[middle])
        } else {
            values[middle]
        };
        Some(Self {
            median,
            least,
            greatest,
        })
    }
}

impl Turn {
    /// From how long each of them took.
    #[expect(clippy::cast_precision_loss, reason = "a count of what was done in a while")]
    pub fn of(mut latencies: Vec<Duration>, took: Duration) -> Self {
        latencies.sort_unstable();
        let at = |part: usize| {
            let last = latencies.len().checked_sub(1)?;
            Some(latencies[last * part / 100])
        };
        Self {
            per_second: latencies.len() as f64 / took.as_secs_f64(),
            p50: at(50),
            p99: at(99),
        }
    }
}
