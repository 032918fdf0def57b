//! `DELETE /api/units/{id}`

use commands::handlers::OnStream;
use domain::{
    ids::UnitId,
    unit::{Unit, UnitCommand},
};

use crate::{
    auth::permit::{Manages, Only},
    endpoints::Why,
    http::{
        extract::{Path, Query},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Take a unit offline
///
/// It can't be rented until it is made ready again. Its history stays.
#[utoipa::path(
    delete, path = "/api/units/{id}", operation_id = "takeUnitOffline", tag = "Properties",
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(id): Path<UnitId>,
    Query(Why { reason }): Query<Why>,
) -> Result<Done, Problem> {
    let take_offline = UnitCommand::TakeOffline { reason: reason.into() };
    order.execute(&OnStream::<Unit>::of(id, take_offline)).await
}
