//! `GET /api/tenants/{id}/lease`

use domain::ids::ResidentId;
use projections::directory::{Lease, Resident};

use crate::{
    auth::permit::{Only, ReadsAllOrOwn},
    endpoints::leases::LeaseView,
    http::{
        extract::Path,
        problem::Problem,
        reading::{Answer, Inquiry},
    },
};

/// Show the lease that a resident lives under
///
/// 404 if they live under none.
#[utoipa::path(
    get, path = "/api/tenants/{id}/lease", operation_id = "getLeaseOfTenant", tag = "Residents",
    responses(
        (status = 200, body = LeaseView, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        Only<ReadsAllOrOwn>,
    ),
)]
pub async fn handle(inquiry: Inquiry<ReadsAllOrOwn>, Path(id): Path<ResidentId>) -> Result<Answer<LeaseView>, Problem> {
    inquiry.permit.only_own(id)?;
    let mut directory = inquiry.directory().await?;
    let resident = directory.get::<Resident>(id).await?;
    let none = || Problem::not_found("The resident lives under no lease.");
    let lease = resident.document.lease.ok_or_else(none)?;
    let entry = directory.get::<Lease>(lease).await?;
    Ok(directory.show(entry).map(LeaseView::from))
}
