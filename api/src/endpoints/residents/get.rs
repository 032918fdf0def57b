//! `GET /api/tenants/{id}`

use domain::ids::ResidentId;
use projections::directory::{Resident, queries::Entry};

use crate::{
    auth::permit::{Only, ReadsAllOrOwn},
    http::{
        extract::Path,
        problem::Problem,
        reading::{Answer, Inquiry},
    },
};

/// Show a resident
#[utoipa::path(
    get, path = "/api/tenants/{id}", operation_id = "getTenant", tag = "Residents",
    responses(
        (status = 200, body = Entry<Resident>, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        Only<ReadsAllOrOwn>,
    ),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAllOrOwn>,
    Path(id): Path<ResidentId>,
) -> Result<Answer<Entry<Resident>>, Problem> {
    let mut directory = inquiry.directory().await?;
    let entry = directory.get::<Resident>(id).await?;
    inquiry.permit.only_own(id)?;
    Ok(directory.show(entry))
}
