//! `POST /api/leases/{id}/notice`

use commands::handlers::GiveNotice;
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

/// That a lease ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Notice {
    /// The day of the announcement.
    given_on: Day,
    /// The last day, included.
    last_day: Day,
}

/// Record that a lease was announced to end
#[utoipa::path(
    post, path = "/api/leases/{id}/notice", operation_id = "giveNotice", tag = "Leases",
    request_body = Notice,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(lease): Path<LeaseId>,
    Body(Notice { given_on, last_day }): Body<Notice>,
) -> Result<Done, Problem> {
    order
        .execute(&GiveNotice {
            lease,
            given_on: given_on.into(),
            ends: day_after(last_day),
        })
        .await
}
