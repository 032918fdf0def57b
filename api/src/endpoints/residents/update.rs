//! `PUT /api/tenants/{id}`

use commands::handlers::OnStream;
use domain::{
    ids::ResidentId,
    resident::{Resident, ResidentCommand},
};

use super::ResidentInput;
use crate::{
    auth::permit::{ManagesOrOwn, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Record what is known of a resident
///
/// All of it, as it is from now on: what is left out is no longer known. Residents may do this for themselves.
#[utoipa::path(
    put, path = "/api/tenants/{id}", operation_id = "updateTenant", tag = "Residents",
    request_body = ResidentInput,
    responses(Done, Only<ManagesOrOwn>),
)]
pub async fn handle(
    order: Order<ManagesOrOwn>,
    Path(id): Path<ResidentId>,
    Body(input): Body<ResidentInput>,
) -> Result<Done, Problem> {
    order.permit.only_own(id)?;
    let update = ResidentCommand::Update {
        resident: id,
        profile: input.into(),
    };
    order.execute(&OnStream::<Resident>::of(id, update)).await
}
