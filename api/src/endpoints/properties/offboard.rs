//! `DELETE /api/properties/{id}`

use commands::handlers::OffboardProperty;
use domain::ids::PropertyId;

use crate::{
    auth::permit::{Manages, Only},
    endpoints::Why,
    http::{
        extract::{Path, Query},
        order::{Done, Order},
        problem::Problem,
    },
};

/// End the management of a property
///
/// Its units go offline with it; refused (409) while one is leased or lived in. Its history stays.
#[utoipa::path(
    delete, path = "/api/properties/{id}", operation_id = "offboardProperty", tag = "Properties",
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<PropertyId>,
    Query(Why { reason }): Query<Why>,
) -> Result<Done, Problem> {
    order
        .execute(&OffboardProperty {
            property: id,
            reason: reason.into(),
        })
        .await
}
