//! `POST /api/tenants/{id}/requests`

use commands::handlers::SubmitRequest;
use domain::{
    ids::ResidentId,
    maintenance_request::{Priority, Report},
};
use projections::directory::{Resident, Unit};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{ManagesOrOwn, Only},
    http::{
        extract::{Body, Path},
        order::{Created, Order},
        problem::Problem,
        reading::Inquiry,
        wire::{Line, Text},
    },
};

/// What is wrong where a resident lives.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HomeRequestInput {
    /// True if it is not in their unit but outside of it: stairs, yard.
    #[serde(default)]
    common_area: bool,
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

/// Report that something is wrong where a resident lives
///
/// At the unit that they live in, or its property. Residents may do this for themselves.
#[utoipa::path(
    post, path = "/api/tenants/{id}/requests", operation_id = "submitRequestOfTenant", tag = "Residents",
    request_body = HomeRequestInput,
    responses(Created, Only<ManagesOrOwn>),
)]
pub async fn handle(
    order: Order<ManagesOrOwn>,
    inquiry: Inquiry<ManagesOrOwn>,
    Path(id): Path<ResidentId>,
    Body(input): Body<HomeRequestInput>,
) -> Result<Created, Problem> {
    order.permit.only_own(id)?;
    // Only to find out where they live; that the unit is part of the property is decided on the log.
    let mut directory = inquiry.directory().await?;
    let unit = directory
        .get::<Resident>(id)
        .await?
        .document
        .unit
        .ok_or_else(homeless)?;
    let property = directory.get::<Unit>(unit).await?.document.property;
    // Who waits for a connection must not hold another.
    drop(directory);
    let report = Report {
        property,
        unit: (!input.common_area).then_some(unit),
        resident: Some(id),
        category: input.category.into(),
        priority: input.priority,
        summary: input.summary.into(),
        description: input.description.into(),
        permission_to_enter: input.permission_to_enter,
    };
    let submit = SubmitRequest {
        request: order.id(0),
        report,
    };
    order.create(&submit, "/api/maintenance/requests").await
}

fn homeless() -> Problem {
    Problem::conflict(
        "resident-not-current",
        "The resident lives in no unit; report it at the property instead.",
    )
}
