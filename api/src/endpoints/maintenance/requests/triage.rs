//! `PUT /api/maintenance/requests/{id}`

use commands::handlers::OnStream;
use domain::{
    ids::RequestId,
    maintenance_request::{MaintenanceRequest, Priority, RequestCommand},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::Line,
    },
};

/// What a request is about, and how soon it has to be done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Triage {
    /// What it is about: `plumbing`, `hvac`.
    category: Line,
    /// How soon.
    priority: Priority,
}

/// Judge what a request is about and how soon it has to be done
///
/// The deadlines follow the new priority, counted from the report.
#[utoipa::path(
    put, path = "/api/maintenance/requests/{id}", operation_id = "triageRequest", tag = "Maintenance",
    request_body = Triage,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<RequestId>,
    Body(Triage { category, priority }): Body<Triage>,
) -> Result<Done, Problem> {
    let triage = RequestCommand::Triage {
        category: category.into(),
        priority,
    };
    order.execute(&OnStream::<MaintenanceRequest>::of(id, triage)).await
}
