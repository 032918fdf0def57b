//! `GET /api/leases/{id}`

use domain::ids::LeaseId;
use projections::directory::Lease;

use super::LeaseView;
use crate::{
    auth::permit::{Only, ReadsAllOrOwn},
    http::{
        extract::Path,
        problem::Problem,
        reading::{Answer, Inquiry},
    },
};

/// Show a lease
#[utoipa::path(
    get, path = "/api/leases/{id}", operation_id = "getLease", tag = "Leases",
    responses(
        (status = 200, body = LeaseView, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        Only<ReadsAllOrOwn>,
    ),
)]
pub async fn handle(inquiry: Inquiry<ReadsAllOrOwn>, Path(id): Path<LeaseId>) -> Result<Answer<LeaseView>, Problem> {
    let mut directory = inquiry.directory().await?;
    let entry = directory.get::<Lease>(id).await?;
    inquiry.permit.only_own_of(&entry.document.terms.residents)?;
    Ok(directory.show(entry).map(LeaseView::from))
}
