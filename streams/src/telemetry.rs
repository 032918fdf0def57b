//! What operators see of the projectors: whether each runs, and its metrics.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

use crate::{Lag, Version};

/// How a projector of this process fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It has not worked yet.
    Starting,
    /// Its last attempt worked.
    Running,
    /// The server fails it, and it tries again.
    Failing {
        /// How often in a row.
        attempts: u32,
        /// Why, the last time.
        reason: String,
    },
    /// It will not go on.
    Stopped {
        /// Why.
        reason: String,
    },
}

/// What is known of a projector of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// How it fares.
    pub state: State,
    /// How many shards it holds.
    pub shards: usize,
    /// How many sequences of its read model stand still, in all shards.
    pub parked: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfProjection {
    projection: &'static str,
    version: u32,
}

/// What the runner tells of itself. Copies share what they tell.
#[derive(Clone)]
pub struct Telemetry {
    health: Arc<Mutex<BTreeMap<Version, Health>>>,
    lag_events: Family<OfProjection, Gauge>,
    lag_seconds: Family<OfProjection, Gauge<f64, AtomicU64>>,
    parked: Family<OfProjection, Gauge>,
    applied: Family<OfProjection, Counter>,
    batch: Family<OfProjection, Histogram, fn() -> Histogram>,
    takeovers: Family<OfProjection, Counter>,
    failures: Family<OfProjection, Counter>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            health: Arc::default(),
            lag_events: Family::default(),
            lag_seconds: Family::default(),
            parked: Family::default(),
            applied: Family::default(),
            batch: Family::new_with_constructor(|| Histogram::new(exponential_buckets(1.0, 4.0, 8))),
            takeovers: Family::default(),
            failures: Family::default(),
        }
    }
}

impl Telemetry {
    /// Adds the metrics to a registry.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("projection");
        registry.register("lag_events", "Events not applied yet", self.lag_events.clone());
        registry.register(
            "lag_seconds",
            "Age of the oldest event not applied yet",
            self.lag_seconds.clone(),
        );
        registry.register("parked", "Sequences that stand still", self.parked.clone());
        registry.register(
            "events",
            "Events applied or parked by this process",
            self.applied.clone(),
        );
        registry.register("batch_events", "Events per transaction", self.batch.clone());
        registry.register(
            "takeovers",
            "Shards taken from a process that went silent",
            self.takeovers.clone(),
        );
        registry.register("failures", "Attempts that the server failed", self.failures.clone());
    }

    /// How each projector of this process fares.
    #[must_use]
    pub fn health(&self) -> BTreeMap<Version, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn update(&self, version: Version, change: impl FnOnce(&mut Health)) {
        let mut health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        change(health.entry(version).or_insert(Health {
            state: State::Starting,
            shards: 0,
            parked: 0,
        }));
    }

    pub(crate) fn applied(&self, version: Version, events: usize) {
        let labels = of(version);
        self.applied.get_or_create(&labels).inc_by(events as u64);
        #[expect(
            clippy::cast_precision_loss,
            reason = "a batch has far fewer events than a float has digits"
        )]
        self.batch.get_or_create(&labels).observe(events as f64);
    }

    pub(crate) fn takeovers(&self, version: Version, shards: u64) {
        self.takeovers.get_or_create(&of(version)).inc_by(shards);
    }

    pub(crate) fn failed(&self, version: Version, reason: String) {
        self.failures.get_or_create(&of(version)).inc();
        self.update(version, |health| {
            let attempts = match health.state {
                State::Failing { attempts, .. } => attempts + 1,
                _ => 1,
            };
            health.state = State::Failing { attempts, reason };
        });
    }

    pub(crate) fn lag(&self, version: Version, lag: &Lag) {
        let labels = of(version);
        self.lag_events.get_or_create(&labels).set(lag.events);
        self.lag_seconds.get_or_create(&labels).set(lag.seconds);
        self.parked.get_or_create(&labels).set(lag.parked);
        self.update(version, |health| health.parked = lag.parked);
    }

    /// The same for a read model that this process keeps whole for itself.
    pub(crate) fn node(&self, projection: &'static str, events: i64, seconds: f64, parked: i64) {
        let labels = OfProjection { projection, version: 1 };
        self.lag_events.get_or_create(&labels).set(events);
        self.lag_seconds.get_or_create(&labels).set(seconds);
        self.parked.get_or_create(&labels).set(parked);
    }
}

fn of(version: Version) -> OfProjection {
    OfProjection {
        projection: version.projection,
        version: version.number,
    }
}
