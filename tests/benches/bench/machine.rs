//! What else the machine does while something is measured.
//!
//! A shared machine is never quite still. What it did beside a round is read off the kernel's counters: the time of its processors,
//! less what this benchmark and its servers took of it. Nothing else tells a neighbour's load from one's own.

use std::{
    collections::{HashMap, HashSet},
    fs, process,
    time::{Duration, Instant},
};

use tokio::time::sleep;

/// A round beside which others took more than this part of the processors' time is discarded.
pub const DISTURBED: f64 = 0.10;
/// A round begins when [`pressure`] is below this, or after [`PATIENCE`].
const CALM: f64 = 30.0;
const PATIENCE: Duration = Duration::from_secs(20);
/// `USER_HZ`, which Linux shows to every program.
const TICKS_PER_SECOND: f64 = 100.0;

/// What all threads of the kernel descend from.
const KERNEL: u32 = 2;

/// From when a round began.
pub struct Watch {
    begun: Instant,
    all: u64,
    ours: u64,
}

impl Watch {
    /// Waits for calm, within bounds, and begins.
    pub async fn begin() -> Self {
        let until = Instant::now() + PATIENCE;
        while pressure() > CALM && Instant::now() < until {
            sleep(Duration::from_secs(1)).await;
        }
        Self {
            begun: Instant::now(),
            all: all_ticks(),
            ours: our_ticks(),
        }
    }

    /// The part of the processors' time that others took since it began.
    #[expect(clippy::cast_precision_loss, reason = "ticks of some minutes")]
    pub fn others(&self) -> f64 {
        // A thread of the kernel takes its ticks along when it ends.
        let ours = our_ticks().saturating_sub(self.ours);
        let others = (all_ticks() - self.all).saturating_sub(ours) as f64;
        let given = self.begun.elapsed().as_secs_f64() * TICKS_PER_SECOND * processors() as f64;
        others / given
    }
}

/// What it is measured on, in a line.
pub fn description() -> String {
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |line| line.trim_start_matches([' ', '\t', ':']));
    let memory = read("/proc/meminfo");
    let kilobytes = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kilobytes: u64 = kilobytes
        .and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or(0);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{} × {model}, {} GiB, Linux {}",
        processors(),
        kilobytes / 1024 / 1024,
        kernel.trim()
    )
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The time of all processors that was not idle, with what other guests of the host were given instead of us.
fn all_ticks() -> u64 {
    let stat = read("/proc/stat");
    let line = stat.lines().next().unwrap_or("");
    let fields: Vec<u64> = line
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal; what follows is part of user and nice. Interrupts are nobody's.
    [0, 1, 2, 7].iter().filter_map(|field| fields.get(*field)).sum()
}

/// What this process and all that descend from it took, those that ended included, and the kernel's own threads, which write for
/// them.
fn our_ticks() -> u64 {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut ticks = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let stat = read(&format!("/proc/{pid}/stat"));
        // The name stands in brackets, and may hold spaces.
        let Some((_, fields)) = stat.rsplit_once(") ") else {
            continue;
        };
        let fields: Vec<&str> = fields.split(' ').collect();
        let number = |index: usize| {
            fields
                .get(index)
                .and_then(|field| field.parse::<u64>().ok())
                .unwrap_or(0)
        };
        children
            .entry(u32::try_from(number(1)).unwrap_or(0))
            .or_default()
            .push(pid);
        ticks.insert(pid, (11..=14).map(number).sum::<u64>());
    }
    let (mut open, mut seen, mut sum) = (vec![process::id(), KERNEL], HashSet::new(), 0);
    while let Some(pid) = open.pop() {
        if seen.insert(pid) {
            sum += ticks.get(&pid).copied().unwrap_or(0);
            open.extend(children.get(&pid).into_iter().flatten());
        }
    }
    sum
}

/// The load average of the last minute.
pub fn load() -> f64 {
    let text = read("/proc/loadavg");
    let first = text.split(' ').next();
    first.and_then(|field| field.parse().ok()).unwrap_or(0.0)
}

/// How much of the last ten seconds some task waited for a processor, in percent.
pub fn pressure() -> f64 {
    let text = read("/proc/pressure/cpu");
    let average = text.split_whitespace().find_map(|field| field.strip_prefix("avg10="));
    average.and_then(|value| value.parse().ok()).unwrap_or(0.0)
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
