//! Figures about this process, for Prometheus.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// The figures of this process. Other parts register theirs at the start.
pub struct Metrics {
    registry: Registry,
    requests: Family<Answer, Counter>,
    durations: Family<Route, Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: String,
    route: String,
}

impl Metrics {
    /// Those of the API, and a place for those of other parts: `propertyos_...`.
    #[must_use]
    pub fn new(register_others: impl FnOnce(&mut Registry)) -> Self {
        let mut registry = Registry::with_prefix("propertyos");
        let requests = Family::default();
        let durations: Family<Route, Histogram> =
            Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.000_5, 2.0, 15)));
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_duration_seconds", "Time to the answer", durations.clone());
        register_others(&mut registry);
        Self {
            registry,
            requests,
            durations,
        }
    }

    /// Counts a request that was answered.
    pub fn answered(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        // Anyone can make up a method; each label value lives for ever.
        let known = [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::DELETE,
            Method::HEAD,
            Method::OPTIONS,
        ];
        let method = if known.contains(method) {
            method.to_string()
        } else {
            "other".to_owned()
        };
        let route = route.to_owned();
        self.durations
            .get_or_create(&Route {
                method: method.clone(),
                route: route.clone(),
            })
            .observe(took.as_secs_f64());
        self.requests
            .get_or_create(&Answer {
                method,
                route,
                status: status.as_u16(),
            })
            .inc();
    }

    /// All figures in the text form of `OpenMetrics`.
    ///
    /// # Errors
    /// Only if a figure can't be written as text.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
