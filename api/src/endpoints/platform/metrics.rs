//! `GET /metrics`

use axum::{extract::State, http::header, response::IntoResponse};

use crate::{http::problem::Problem, vitals::Vitals};

/// The media type of `OpenMetrics`, which Prometheus asks for.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Figures for Prometheus
///
/// Commands, conflicts, append latency and batch size, how far projections lag in events and seconds, what is parked, and
/// the requests answered here.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "Platform",
    responses((status = 200, content_type = "application/openmetrics-text", body = String)),
)]
pub async fn handle(State(vitals): State<Vitals>) -> Result<impl IntoResponse, Problem> {
    let text = vitals.metrics.text().map_err(Problem::internal)?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text))
}
