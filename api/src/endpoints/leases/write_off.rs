//! `POST /api/leases/{id}/write-offs`

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

/// Write a charge off: it will not be collected
#[utoipa::path(
    post, path = "/api/leases/{id}/write-offs", operation_id = "writeOffCharge", tag = "Leases",
    request_body = Reduction,
    responses(Done, Only<HandlesMoney>),
)]
pub async fn handle(
    order: Order<HandlesMoney>,
    Path(id): Path<LeaseId>,
    Body(input): Body<Reduction>,
) -> Result<Done, Problem> {
    let write_off = LeaseCommand::WriteOff {
        charge: input.charge,
        amount: input.amount.map(Into::into),
        reason: input.reason.into(),
    };
    order.execute(&OnStream::<Lease>::of(id, write_off)).await
}
