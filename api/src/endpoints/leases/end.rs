//! `POST /api/leases/{id}/end`

use commands::handlers::EndLease;
use domain::ids::LeaseId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::day_after;
use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::Day,
    },
};

/// When a lease ended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LastDay {
    /// The last day, included.
    last_day: Day,
}

/// End a lease: the residents moved out
///
/// What is charged beyond that day is waived.
#[utoipa::path(
    post, path = "/api/leases/{id}/end", operation_id = "endLease", tag = "Leases",
    request_body = LastDay,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(lease): Path<LeaseId>,
    Body(LastDay { last_day }): Body<LastDay>,
) -> Result<Done, Problem> {
    order
        .execute(&EndLease {
            lease,
            on: day_after(last_day),
        })
        .await
}
