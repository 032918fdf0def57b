//! `POST /api/maintenance/vendors/{id}/unblock`

use commands::handlers::OnStream;
use domain::{
    ids::VendorId,
    vendor::{Vendor, VendorCommand},
};

use crate::{
    auth::permit::{Manages, Only},
    endpoints::Nothing,
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Work with a vendor again
#[utoipa::path(
    post, path = "/api/maintenance/vendors/{id}/unblock", operation_id = "unblockVendor", tag = "Maintenance",
    request_body = Nothing,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<VendorId>,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Done, Problem> {
    order.execute(&OnStream::<Vendor>::of(id, VendorCommand::Unblock)).await
}
