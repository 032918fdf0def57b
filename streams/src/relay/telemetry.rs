//! What the relay tells of itself.

use std::sync::{Arc, Mutex, PoisonError, atomic::AtomicU64};

use prometheus_client::{
    metrics::{
        counter::Counter,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use super::RelayError;
use crate::State;

/// How the relay of this process fares. Copies share what they tell.
#[derive(Debug, Clone)]
pub struct RelayTelemetry {
    state: Arc<Mutex<State>>,
    lag_events: Gauge,
    lag_seconds: Gauge<f64, AtomicU64>,
    events: Counter,
    batch: Histogram,
    takeovers: Counter,
    failures: Counter,
    shards: Gauge,
    in_flight: Gauge,
}

impl Default for RelayTelemetry {
    fn default() -> Self {
        Self {
            state: Arc::new(Mutex::new(State::Starting)),
            lag_events: Gauge::default(),
            lag_seconds: Gauge::default(),
            events: Counter::default(),
            batch: Histogram::new(exponential_buckets(1.0, 4.0, 8)),
            takeovers: Counter::default(),
            failures: Counter::default(),
            shards: Gauge::default(),
            in_flight: Gauge::default(),
        }
    }
}

impl RelayTelemetry {
    /// Adds the metrics to a registry.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("relay");
        registry.register(
            "lag_events",
            "Events not known to be in the topic yet",
            self.lag_events.clone(),
        );
        registry.register(
            "lag_seconds",
            "Age of the oldest event not known to be in the topic yet",
            self.lag_seconds.clone(),
        );
        registry.register("events", "Events acknowledged by the broker", self.events.clone());
        registry.register("batch_events", "Events read from the log at once", self.batch.clone());
        registry.register(
            "takeovers",
            "Shards taken from a process that went silent",
            self.takeovers.clone(),
        );
        registry.register(
            "failures",
            "Times it began again at its checkpoints",
            self.failures.clone(),
        );
        registry.register("shards", "Shards that this process relays", self.shards.clone());
        registry.register(
            "in_flight_bytes",
            "Bytes on their way to the broker",
            self.in_flight.clone(),
        );
    }

    /// How it fares.
    #[must_use]
    pub fn health(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn running(&self, shards: usize) {
        self.shards.set(i64::try_from(shards).unwrap_or(i64::MAX));
        self.update(|state| *state = State::Running);
    }

    pub(super) fn failed(&self, reason: String) {
        self.failures.inc();
        self.shards.set(0);
        self.update(|state| {
            let attempts = match state {
                State::Failing { attempts, .. } => *attempts + 1,
                _ => 1,
            };
            *state = State::Failing { attempts, reason };
        });
    }

    pub(super) fn stopped(&self, reason: &RelayError) {
        let reason = reason.to_string();
        self.update(|state| *state = State::Stopped { reason });
    }

    pub(super) fn lag(&self, events: i64, seconds: f64) {
        self.lag_events.set(events);
        self.lag_seconds.set(seconds);
    }

    pub(super) fn takeovers(&self, shards: u64) {
        self.takeovers.inc_by(shards);
    }

    pub(super) fn sent(&self, events: usize, in_flight: usize) {
        if events > 0 {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a batch has far fewer events than a float has digits"
            )]
            self.batch.observe(events as f64);
        }
        self.in_flight(in_flight);
    }

    pub(super) fn in_flight(&self, bytes: usize) {
        self.in_flight.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    pub(super) fn relayed(&self, events: i64) {
        self.events.inc_by(events.unsigned_abs());
    }
}
