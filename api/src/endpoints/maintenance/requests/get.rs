//! `GET /api/maintenance/requests/{id}`

use domain::ids::RequestId;
use projections::directory::{Request, queries::Entry};

use crate::{
    auth::permit::{Only, ReadsAllOrOwn},
    http::{
        extract::Path,
        problem::Problem,
        reading::{Answer, Inquiry},
    },
};

/// Show a maintenance request
#[utoipa::path(
    get, path = "/api/maintenance/requests/{id}", operation_id = "getRequest", tag = "Maintenance",
    responses(
        (status = 200, body = Entry<Request>, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        Only<ReadsAllOrOwn>,
    ),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAllOrOwn>,
    Path(id): Path<RequestId>,
) -> Result<Answer<Entry<Request>>, Problem> {
    let mut directory = inquiry.directory().await?;
    let entry = directory.get::<Request>(id).await?;
    inquiry.permit.only_own_of(entry.document.resident.as_slice())?;
    Ok(directory.show(entry))
}
