//! `POST /api/maintenance/requests`

use commands::handlers::SubmitRequest;
use domain::{
    ids::{PropertyId, ResidentId, UnitId},
    maintenance_request::{Priority, Report},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::Body,
        order::{Created, Order},
        problem::Problem,
        wire::{Line, Text},
    },
};

/// What is wrong, and where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestInput {
    /// At which property.
    property: PropertyId,
    /// In which unit, unless in a common area.
    #[serde(default)]
    unit: Option<UnitId>,
    /// Who reports it, if a resident.
    #[serde(default)]
    resident: Option<ResidentId>,
    /// What it is about: `plumbing`, `hvac`.
    category: Line,
    /// How soon it has to be done: starts the clocks of the service levels.
    priority: Priority,
    /// In a line.
    summary: Line,
    /// In as many words as needed.
    description: Text,
    /// Whether someone may enter while nobody is at home.
    #[serde(default)]
    permission_to_enter: bool,
}

/// Report that something is wrong
#[utoipa::path(
    post, path = "/api/maintenance/requests", operation_id = "submitRequest", tag = "Maintenance",
    request_body = RequestInput,
    responses(Created, Only<Manages>),
)]
pub async fn handle(order: Order<Manages>, Body(input): Body<RequestInput>) -> Result<Created, Problem> {
    let report = Report {
        property: input.property,
        unit: input.unit,
        resident: input.resident,
        category: input.category.into(),
        priority: input.priority,
        summary: input.summary.into(),
        description: input.description.into(),
        permission_to_enter: input.permission_to_enter,
    };
    order
        .create(
            &SubmitRequest {
                request: order.id(0),
                report,
            },
            "/api/maintenance/requests",
        )
        .await
}
