//! `POST /api/maintenance/work-orders/{id}/request-estimate`

use commands::handlers::RequestEstimate;
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

/// Ask a vendor what the work would cost
#[utoipa::path(
    post, path = "/api/maintenance/work-orders/{id}/request-estimate", operation_id = "requestEstimate", tag = "Maintenance",
    request_body = VendorChoice,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(work_order): Path<WorkOrderId>,
    Body(VendorChoice { vendor }): Body<VendorChoice>,
) -> Result<Done, Problem> {
    order.execute(&RequestEstimate { work_order, vendor }).await
}
