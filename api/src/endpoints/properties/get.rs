//! `GET /api/properties/{id}`

use domain::ids::PropertyId;
use projections::directory::{Property, queries::Entry};

use crate::{
    auth::permit::{Only, ReadsPortfolio},
    http::{
        extract::Path,
        problem::Problem,
        reading::{Answer, Inquiry},
    },
};

/// Show a property
#[utoipa::path(
    get, path = "/api/properties/{id}", operation_id = "getProperty", tag = "Properties",
    responses(
        (status = 200, body = Entry<Property>, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        Only<ReadsPortfolio>,
    ),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsPortfolio>,
    Path(id): Path<PropertyId>,
) -> Result<Answer<Entry<Property>>, Problem> {
    let mut directory = inquiry.directory().await?;
    let entry = directory.get::<Property>(id).await?;
    Ok(directory.show(entry))
}
