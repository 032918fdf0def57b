//! `POST /api/leases/{id}/recurring-charges/end`

use commands::handlers::OnStream;
use domain::{
    ids::{LeaseId, RecurringId},
    lease::{Lease, LeaseCommand},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::day_after;
use crate::{
    auth::permit::{HandlesMoney, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::Day,
    },
};

/// Which charge ends, and when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecurringEnd {
    /// Which.
    recurring: RecurringId,
    /// The last day it is charged for.
    last_day: Day,
}

/// Charge something beside the rent no longer
///
/// What is charged beyond that day is waived.
#[utoipa::path(
    post, path = "/api/leases/{id}/recurring-charges/end", operation_id = "endRecurringCharge", tag = "Leases",
    request_body = RecurringEnd,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(id): Path<LeaseId>,
    Body(RecurringEnd { recurring, last_day }): Body<RecurringEnd>,
) -> Result<Done, Problem> {
    let end = LeaseCommand::EndRecurring {
        recurring,
        on: day_after(last_day),
    };
    order.execute(&OnStream::<Lease>::of(id, end)).await
}
