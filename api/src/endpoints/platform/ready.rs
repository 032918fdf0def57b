//! `GET /health/ready`

use std::{path::Path, time::Duration};

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use projections::search::{SEARCH, parked_in};
use serde::Serialize;
use streams::{Health, State as Condition, Version};
use utoipa::ToSchema;

use crate::vitals::Vitals;

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the process can do its work, and how its projectors fare.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// `ready`, or `not-ready` with status 503.
    #[schema(pattern = "^(not-)?ready$")]
    status: &'static str,
    /// Whether the database answers: `up` or `down`.
    #[schema(pattern = "^(up|down)$")]
    database: &'static str,
    /// The projectors of this process.
    projections: Vec<Projector>,
    /// What brings the log to Kafka, in a process that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    relay: Option<Relay>,
}

/// What brings the log to Kafka.
#[derive(Debug, Serialize, ToSchema)]
pub struct Relay {
    /// `starting`, `running`, `failing` (it tries again) or `stopped` (it won't).
    #[schema(pattern = "^(starting|running|failing|stopped)$")]
    state: &'static str,
    /// Why, if it fails or stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A projector of this process.
#[derive(Debug, Serialize, ToSchema)]
pub struct Projector {
    /// Which read model it keeps.
    name: &'static str,
    /// Which version of it.
    #[schema(minimum = 1)]
    version: u32,
    /// `starting`, `running`, `failing` (it tries again) or `stopped` (it won't).
    #[schema(pattern = "^(starting|running|failing|stopped)$")]
    state: &'static str,
    /// Why, if it fails or stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// How many sequences of events stand still, because one could not be applied: `propertyos parked list`.
    #[schema(minimum = 0)]
    parked: i64,
}

/// Can requests be answered?
///
/// Not ready means that the database does not answer or a projector or the relay has stopped for good. What is parked is shown, but other
/// organizations and sequences go on.
#[utoipa::path(
    get, path = "/health/ready", operation_id = "ready", tag = "Platform",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness, description = "Not ready.")),
)]
pub async fn handle(State(vitals): State<Vitals>) -> Response {
    let asked = tokio::time::timeout(PATIENCE, sqlx::query("SELECT 1").execute(&vitals.app)).await;
    let up = matches!(asked, Ok(Ok(_)));
    let mut projections: Vec<_> = vitals.telemetry.health().into_iter().map(projector).collect();
    projections.extend(vitals.index.as_deref().map(search));
    let relay = vitals.relay.as_ref().map(|relay| {
        let (state, reason) = condition(relay.health());
        Relay { state, reason }
    });
    let projectors = projections.iter().map(|projector| projector.state);
    let mut all = projectors.chain(relay.iter().map(|relay| relay.state));
    let ready = up && all.all(|state| state != "stopped");
    let readiness = Readiness {
        status: if ready { "ready" } else { "not-ready" },
        database: if up { "up" } else { "down" },
        projections,
        relay,
    };
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness)).into_response()
}

/// The search index of this process, which would have ended the process if it had stopped.
fn search(index: &Path) -> Projector {
    let (state, reason, parked) = match parked_in(index) {
        Ok(parked) => ("running", None, i64::try_from(parked.len()).unwrap_or(i64::MAX)),
        Err(error) => ("failing", Some(error.to_string()), 0),
    };
    Projector {
        name: SEARCH,
        version: 1,
        state,
        reason,
        parked,
    }
}

fn condition(condition: Condition) -> (&'static str, Option<String>) {
    match condition {
        Condition::Starting => ("starting", None),
        Condition::Running => ("running", None),
        Condition::Failing { reason, .. } => ("failing", Some(reason)),
        Condition::Stopped { reason } => ("stopped", Some(reason)),
    }
}

fn projector((version, health): (Version, Health)) -> Projector {
    let (state, reason) = condition(health.state);
    Projector {
        name: version.projection,
        version: version.number,
        state,
        reason,
        parked: health.parked,
    }
}
