//! `POST /api/maintenance/work-orders/{id}/assign`

use commands::handlers::AssignVendor;
use domain::ids::WorkOrderId;

use crate::{
    auth::permit::{Manages, Only},
    endpoints::maintenance::VendorChoice,
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Make a vendor answerable for a work order
///
/// The vendor before no longer is, and the visit agreed with it is void. Refused (409) for a blocked vendor.
#[utoipa::path(
    post, path = "/api/maintenance/work-orders/{id}/assign", operation_id = "assignWorkOrder", tag = "Maintenance",
    request_body = VendorChoice,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(work_order): Path<WorkOrderId>,
    Body(VendorChoice { vendor }): Body<VendorChoice>,
) -> Result<Done, Problem> {
    order.execute(&AssignVendor { work_order, vendor }).await
}
