//! `GET /health/live`

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// That the process runs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Liveness)]
pub struct Response {
    /// Always `live`: a process that isn't does not answer.
    status: &'static str,
}

/// Is the process alive?
///
/// Asks nothing of the database: a supervisor that restarts on this must not do so because another machine is down.
#[utoipa::path(
    get, path = "/health/live", operation_id = "live", tag = "Platform",
    responses((status = 200, body = Response)),
)]
pub async fn handle() -> Json<Response> {
    Json(Response { status: "live" })
}
