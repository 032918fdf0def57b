//! `POST /api/leases/{id}/waivers`

use commands::handlers::OnStream;
use domain::{
    ids::LeaseId,
    lease::{Lease, LeaseCommand},
};

use super::Reduction;
use crate::{
    auth::permit::{HandlesMoney, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Waive a charge, wholly or in part
///
/// What was paid of it becomes credit again.
#[utoipa::path(
    post, path = "/api/leases/{id}/waivers", operation_id = "waiveCharge", tag = "Leases",
    request_body = Reduction,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(id): Path<LeaseId>,
    Body(input): Body<Reduction>,
) -> Result<Done, Problem> {
    let waive = LeaseCommand::Waive {
        charge: input.charge,
        amount: input.amount.map(Into::into),
        reason: input.reason.into(),
    };
    order.execute(&OnStream::<Lease>::of(id, waive)).await
}
