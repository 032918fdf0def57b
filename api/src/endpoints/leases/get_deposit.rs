//! `GET /api/deposits/{id}`

use domain::ids::DepositId;
use projections::directory::{Deposit, queries::Entry};

use crate::{
    auth::permit::{Only, ReadsAll},
    http::{
        extract::Path,
        problem::Problem,
        reading::{Answer, Inquiry},
    },
};

/// Show a deposit
#[utoipa::path(
    get, path = "/api/deposits/{id}", operation_id = "getDeposit", tag = "Leases",
    responses(
        (status = 200, body = Entry<Deposit>, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        Only<ReadsAll>,
    ),
)]
pub async fn handle(inquiry: Inquiry<ReadsAll>, Path(id): Path<DepositId>) -> Result<Answer<Entry<Deposit>>, Problem> {
    let mut directory = inquiry.directory().await?;
    let entry = directory.get::<Deposit>(id).await?;
    Ok(directory.show(entry))
}
