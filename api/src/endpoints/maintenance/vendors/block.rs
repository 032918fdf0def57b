//! `POST /api/maintenance/vendors/{id}/block`

use commands::handlers::OnStream;
use domain::{
    ids::VendorId,
    vendor::{Vendor, VendorCommand},
};

use crate::{
    auth::permit::{Manages, Only},
    endpoints::Reason,
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Stop working with a vendor
///
/// From then on it is neither assigned nor paid.
#[utoipa::path(
    post, path = "/api/maintenance/vendors/{id}/block", operation_id = "blockVendor", tag = "Maintenance",
    request_body = Reason,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<VendorId>,
    Body(Reason { reason }): Body<Reason>,
) -> Result<Done, Problem> {
    let block = VendorCommand::Block { reason: reason.into() };
    order.execute(&OnStream::<Vendor>::of(id, block)).await
}
