//! `POST /api/maintenance/vendors`

use commands::handlers::OnStream;
use domain::vendor::{Vendor, VendorCommand};

use super::VendorInput;
use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::Body,
        order::{Created, Order},
        problem::Problem,
    },
};

/// Take a vendor on
#[utoipa::path(
    post, path = "/api/maintenance/vendors", operation_id = "createVendor", tag = "Maintenance",
    request_body = VendorInput,
    responses(Created, Only<Manages>),
)]
pub async fn handle(order: Order<Manages>, Body(input): Body<VendorInput>) -> Result<Created, Problem> {
    let create = VendorCommand::Create {
        vendor: order.id(0),
        profile: input.into(),
    };
    order
        .create(
            &OnStream::<Vendor>::begin(order.id(0), create),
            "/api/maintenance/vendors",
        )
        .await
}
