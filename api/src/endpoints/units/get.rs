//! `GET /api/units/{id}`

use domain::ids::UnitId;
use projections::directory::{Unit, queries::Entry};

use crate::{
    auth::permit::{Only, ReadsPortfolio},
    http::{
        extract::Path,
        problem::Problem,
        reading::{Answer, Inquiry},
    },
};

/// Show a unit
#[utoipa::path(
    get, path = "/api/units/{id}", operation_id = "getUnit", tag = "Properties",
    responses(
        (status = 200, body = Entry<Unit>, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        Only<ReadsPortfolio>,
    ),
)]
pub async fn handle(inquiry: Inquiry<ReadsPortfolio>, Path(id): Path<UnitId>) -> Result<Answer<Entry<Unit>>, Problem> {
    let mut directory = inquiry.directory().await?;
    let entry = directory.get::<Unit>(id).await?;
    Ok(directory.show(entry))
}
