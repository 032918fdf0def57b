//! The table: printed as it grows, written to a file at the end.

use std::{fmt::Write as _, fs, path::Path, process::Command, time::Instant};

use api::clock::today;
use chrono_tz::Tz;

use crate::{
    machine,
    rounds::{Rounds, Spread},
};

/// What a rate is held against: another contestant of the same rounds.
#[derive(Debug, Clone, Copy)]
pub struct Against {
    /// What the table calls it.
    pub name: &'static str,
    /// Its place.
    pub place: usize,
    /// How many times its rate is to be reached.
    pub goal: Option<f64>,
}

/// All that was measured.
pub struct Report {
    rows: Vec<String>,
    others: f64,
    begun: Instant,
    begun_with: [f64; 2],
}

const HEAD: &str = "| what | clients | figure | ratio: median (least to greatest) | goal | rounds (discarded) |\n|---|---:|---|---|---|---:|";

impl Report {
    pub fn new() -> Self {
        println!("{HEAD}");
        Self {
            rows: Vec::new(),
            others: 0.0,
            begun: Instant::now(),
            begun_with: [machine::load(), machine::pressure()],
        }
    }

    /// A contestant's rate, with its latencies where it has any.
    pub fn rate(&mut self, what: &str, clients: u32, rounds: &Rounds, place: usize, against: Option<Against>) {
        let ratio = against.and_then(|against| {
            let ratio = rounds.ratio(place, against.place)?;
            Some((ratio, format!("{ratio} of {}", against.name)))
        });
        let goal = against.and_then(|against| against.goal);
        self.row(what, clients, rounds, place, ratio, goal);
    }

    /// The rate of a peer, with how many times as much we do.
    pub fn peer(&mut self, what: &str, clients: u32, rounds: &Rounds, place: usize, ours: usize, goal: f64) {
        let ratio = rounds.ratio(ours, place);
        let ratio = ratio.map(|ratio| (ratio, format!("ours is {ratio} times it")));
        self.row(what, clients, rounds, place, ratio, Some(goal));
    }

    fn row(
        &mut self,
        what: &str,
        clients: u32,
        rounds: &Rounds,
        place: usize,
        ratio: Option<(Spread, String)>,
        goal: Option<f64>,
    ) {
        let mut figure = rounds.rate(place).map_or_else(
            || "every round was disturbed".to_owned(),
            |rate| format!("{:.0}/s", rate.median),
        );
        if let Some((p50, p99)) = rounds.milliseconds(place) {
            let _infallible = write!(figure, ", p50 {p50:.2} ms, p99 {p99:.2} ms");
        }
        let mut met = String::new();
        if let (Some((ratio, _)), Some(goal)) = (&ratio, goal) {
            met = format!("{goal}: {}", if ratio.median >= goal { "met" } else { "missed" });
        }
        let ratio = ratio.map_or(String::new(), |(_, words)| words);
        let (kept, discarded) = (rounds.turns[0].len(), rounds.discarded);
        let row = format!("| {what} | {clients} | {figure} | {ratio} | {met} | {kept} ({discarded}) |");
        println!("{row}");
        self.rows.push(row);
        self.others = self.others.max(rounds.others);
    }

    /// A figure that stands for itself.
    pub fn figure(&mut self, what: &str, figure: &str, goal: &str) {
        let row = format!("| {what} | | {figure} | | {goal} | |");
        println!("{row}");
        self.rows.push(row);
    }

    /// All rows so far.
    pub fn rows(&self) -> &[String] {
        &self.rows
    }

    /// A row of an earlier run.
    pub fn again(&mut self, row: &str) {
        println!("{row}");
        self.rows.push(row.to_owned());
    }

    /// Writes all of it, with what it was measured on.
    pub fn write(&self, path: &Path, method: &str) {
        let [load, pressure] = self.begun_with;
        let text = format!(
            "# Benchmarks\n\n{}, on {}, commit {}, {}. Load average {load:.2} and CPU pressure {pressure:.1} % when it began; others took at most \
             {:.0} % of the processors beside a round that counts; how many were discarded \
             because they took more stands in brackets. The run took {:.0} minutes.\n\n{method}\n\n{HEAD}\n{}\n",
            today(Tz::UTC),
            machine::description(),
            commit(),
            postgres(),
            self.others * 100.0,
            self.begun.elapsed().as_secs_f64() / 60.0,
            self.rows.join("\n"),
        );
        fs::write(path, text).expect("a file that can be written");
    }
}

fn commit() -> String {
    said(Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=12"]))
}

fn postgres() -> String {
    said(Command::new(crate::floor::binaries().join("postgres")).arg("--version"))
}

fn said(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}
