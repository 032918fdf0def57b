//! Whether a process works and how it fares, for supervisors and for Prometheus: the same in every process, with an API or
//! without.

use std::{path::PathBuf, sync::Arc};

use axum::{Router, extract::FromRef, routing::get};
use sqlx::PgPool;
use streams::{Telemetry, relay::RelayTelemetry};

use crate::{
    app::App, background::Background, endpoints::platform, http::around, installation::Connected, metrics::Metrics,
};

/// What tells how a process fares. Copies share it.
#[derive(Clone)]
pub struct Vitals(Arc<Signs>);

/// What is looked at.
pub struct Signs {
    /// The database.
    pub app: PgPool,
    /// The projectors of this process.
    pub telemetry: Telemetry,
    /// Its relay, if it is one.
    pub relay: Option<RelayTelemetry>,
    /// Its search index, if it keeps one.
    pub index: Option<PathBuf>,
    /// What is counted.
    pub metrics: Metrics,
}

impl Vitals {
    /// Those of a process that does this in the background.
    #[must_use]
    pub fn new(connected: &Connected, background: &Background) -> Self {
        let metrics = Metrics::new(|registry| {
            connected.metrics.register(registry);
            background.telemetry.register(registry);
            if let Some(source) = &background.source {
                source.register(registry);
            }
            if let Some(relay) = &background.relay {
                relay.register(registry);
            }
        });
        Self(Arc::new(Signs {
            app: connected.pools.app.clone(),
            telemetry: background.telemetry.clone(),
            relay: background.relay.clone(),
            index: background.index.clone(),
            metrics,
        }))
    }
}

impl std::ops::Deref for Vitals {
    type Target = Signs;

    fn deref(&self) -> &Signs {
        &self.0
    }
}

impl FromRef<Arc<App>> for Vitals {
    fn from_ref(app: &Arc<App>) -> Self {
        app.vitals.clone()
    }
}

/// What a process without an API answers.
pub fn router(vitals: Vitals) -> Router {
    Router::new()
        .route("/health/live", get(platform::live::handle))
        .route("/health/ready", get(platform::ready::handle))
        .route("/metrics", get(platform::metrics::handle))
        .fallback(around::no_such_path)
        .method_not_allowed_fallback(around::no_such_method)
        .with_state(vitals)
}
