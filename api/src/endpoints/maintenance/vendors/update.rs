//! `PUT /api/maintenance/vendors/{id}`

use commands::handlers::OnStream;
use domain::{
    ids::VendorId,
    vendor::{Vendor, VendorCommand},
};

use super::VendorInput;
use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Record what is known of a vendor
///
/// All of it, as it is from now on: what is left out is no longer known.
#[utoipa::path(
    put, path = "/api/maintenance/vendors/{id}", operation_id = "updateVendor", tag = "Maintenance",
    request_body = VendorInput,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<VendorId>,
    Body(input): Body<VendorInput>,
) -> Result<Done, Problem> {
    let update = VendorCommand::Update {
        vendor: id,
        profile: input.into(),
    };
    order.execute(&OnStream::<Vendor>::of(id, update)).await
}
