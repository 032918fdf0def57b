//! `POST /api/maintenance/requests/{id}/assign`

use commands::handlers::ConvertRequest;
use domain::ids::RequestId;

use crate::{
    auth::permit::{Manages, Only},
    endpoints::maintenance::VendorChoice,
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Turn a request into a work order that a vendor answers for
///
/// The request is converted, the work order created and the vendor assigned, all or nothing; the work order's id is in
/// `events`.
#[utoipa::path(
    post, path = "/api/maintenance/requests/{id}/assign", operation_id = "assignRequest", tag = "Maintenance",
    request_body = VendorChoice,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(request): Path<RequestId>,
    Body(VendorChoice { vendor }): Body<VendorChoice>,
) -> Result<Done, Problem> {
    order
        .execute(&ConvertRequest {
            request,
            work_order: order.id(0),
            vendor,
        })
        .await
}
