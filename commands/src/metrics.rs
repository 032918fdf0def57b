//! What the write side counts and measures.

use std::time::Duration;

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue},
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use crate::log::{AppendError, Appended};

/// The write side's figures. Clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    commands: Family<Labels, Counter>,
    conflicts: Counter,
    append_seconds: Histogram,
    append_commands: Histogram,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    outcome: CommandOutcome,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum CommandOutcome {
    Written,
    Repeated,
    Refused,
    Conflict,
    Failed,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            commands: Family::default(),
            conflicts: Counter::default(),
            // From a quarter of a millisecond to eight seconds.
            append_seconds: Histogram::new(exponential_buckets(0.000_25, 2.0, 16)),
            append_commands: Histogram::new(exponential_buckets(1.0, 2.0, 9)),
        }
    }
}

impl Metrics {
    /// Has them shown.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("commands", "Commands by what became of them", self.commands.clone());
        registry.register(
            "append_conflicts",
            "Appends that others came before, also those that were tried again",
            self.conflicts.clone(),
        );
        registry.register(
            "append_seconds",
            "How long a call of append took",
            self.append_seconds.clone(),
        );
        registry.register(
            "append_batch_commands",
            "How many commands a call of append carried",
            self.append_commands.clone(),
        );
    }

    pub(crate) fn command(&self, outcome: CommandOutcome) {
        self.commands.get_or_create(&Labels { outcome }).inc();
    }

    pub(crate) fn called(&self, took: Duration, commands: usize) {
        self.append_seconds.observe(took.as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a batch is small")]
        self.append_commands.observe(commands as f64);
    }

    pub(crate) fn appended(&self, outcome: &Result<Appended, AppendError>) {
        if matches!(outcome, Err(AppendError::Conflict)) {
            self.conflicts.inc();
        }
    }
}
