//! `GET /api/maintenance/work-orders/{id}`

use domain::ids::WorkOrderId;
use projections::directory::{WorkOrder, queries::Entry};

use crate::{
    auth::permit::{Only, ReadsAll},
    http::{
        extract::Path,
        problem::Problem,
        reading::{Answer, Inquiry},
    },
};

/// Show a work order
#[utoipa::path(
    get, path = "/api/maintenance/work-orders/{id}", operation_id = "getWorkOrder", tag = "Maintenance",
    responses(
        (status = 200, body = Entry<WorkOrder>, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        Only<ReadsAll>,
    ),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAll>,
    Path(id): Path<WorkOrderId>,
) -> Result<Answer<Entry<WorkOrder>>, Problem> {
    let mut directory = inquiry.directory().await?;
    let entry = directory.get::<WorkOrder>(id).await?;
    Ok(directory.show(entry))
}
