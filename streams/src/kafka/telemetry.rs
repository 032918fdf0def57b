//! What a source that reads the topic tells of itself.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// Counts what came from where. Copies share what they count.
#[derive(Debug, Clone, Default)]
pub struct SourceTelemetry {
    events: Family<From, Counter>,
    pub(super) duplicates: Counter,
    pub(super) stale: Counter,
    pub(super) rubbish: Counter,
    pub(super) catch_ups: Counter,
    pub(super) failures: Counter,
    pub(super) shards: Gauge,
    pub(super) shards_in_log: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct From {
    from: &'static str,
}

impl SourceTelemetry {
    /// Adds the metrics to a registry.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("source");
        registry.register(
            "events",
            "Events handed out, by where they were read",
            self.events.clone(),
        );
        registry.register(
            "duplicates",
            "Messages dropped because their events were read before",
            self.duplicates.clone(),
        );
        registry.register(
            "stale",
            "Messages dropped because their events are no longer in the log",
            self.stale.clone(),
        );
        registry.register(
            "rubbish",
            "Messages dropped because they are no events of their partition",
            self.rubbish.clone(),
        );
        registry.register(
            "catch_ups",
            "Times that a shard was read from the log because the topic lacked something",
            self.catch_ups.clone(),
        );
        registry.register("failures", "Errors of the broker or its client", self.failures.clone());
        registry.register(
            "shards_in_log",
            "Shards that are read from the log now",
            self.shards_in_log.clone(),
        );
        registry.register("shards", "Shards that are read from the topic now", self.shards.clone());
    }

    pub(super) fn read_in_topic(&self, events: usize) {
        self.events.get_or_create(&From { from: "topic" }).inc_by(events as u64);
    }

    pub(super) fn read_in_log(&self, events: usize) {
        self.events.get_or_create(&From { from: "log" }).inc_by(events as u64);
    }
}
