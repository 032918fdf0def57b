//! `POST /api/maintenance/requests/{id}/resolve`

use commands::handlers::ResolveRequest;
use domain::ids::RequestId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::Text,
    },
};

/// What was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// In words for the resident.
    resolution: Text,
}

/// Say that what was wrong is right again
///
/// Its work order, if it has one, is completed with it.
#[utoipa::path(
    post, path = "/api/maintenance/requests/{id}/resolve", operation_id = "resolveRequest", tag = "Maintenance",
    request_body = Resolution,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(request): Path<RequestId>,
    Body(Resolution { resolution }): Body<Resolution>,
) -> Result<Done, Problem> {
    order
        .execute(&ResolveRequest {
            request,
            resolution: resolution.into(),
        })
        .await
}
