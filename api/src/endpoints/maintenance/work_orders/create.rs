//! `POST /api/maintenance/work-orders`

use commands::handlers::CreateWorkOrder;
use domain::{
    ids::{PropertyId, UnitId},
    maintenance_request::Priority,
    work_order::Work,
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

/// What is to be done, and where.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkOrderInput {
    /// At which property.
    property: PropertyId,
    /// In which unit, unless in a common area.
    #[serde(default)]
    unit: Option<UnitId>,
    /// What it is about: `plumbing`, `hvac`.
    category: Line,
    /// How soon it has to be done.
    priority: Priority,
    /// In a line.
    summary: Line,
    /// In as many words as needed.
    description: Text,
}

/// Begin a repair that no request asks for
#[utoipa::path(
    post, path = "/api/maintenance/work-orders", operation_id = "createWorkOrder", tag = "Maintenance",
    request_body = WorkOrderInput,
    responses(Created, Only<Manages>),
)]
pub async fn handle(order: Order<Manages>, Body(input): Body<WorkOrderInput>) -> Result<Created, Problem> {
    let work = Work {
        property: input.property,
        unit: input.unit,
        category: input.category.into(),
        priority: input.priority,
        summary: input.summary.into(),
        description: input.description.into(),
    };
    order
        .create(
            &CreateWorkOrder {
                work_order: order.id(0),
                work,
            },
            "/api/maintenance/work-orders",
        )
        .await
}
