//! `GET /api/maintenance/vendors/{id}`

use domain::ids::VendorId;
use projections::directory::{Vendor, queries::Entry};

use crate::{
    auth::permit::{Only, ReadsAll},
    http::{
        extract::Path,
        problem::Problem,
        reading::{Answer, Inquiry},
    },
};

/// Show a vendor
#[utoipa::path(
    get, path = "/api/maintenance/vendors/{id}", operation_id = "getVendor", tag = "Maintenance",
    responses(
        (status = 200, body = Entry<Vendor>, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        Only<ReadsAll>,
    ),
)]
pub async fn handle(inquiry: Inquiry<ReadsAll>, Path(id): Path<VendorId>) -> Result<Answer<Entry<Vendor>>, Problem> {
    let mut directory = inquiry.directory().await?;
    let entry = directory.get::<Vendor>(id).await?;
    Ok(directory.show(entry))
}
