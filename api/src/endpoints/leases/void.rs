//! `DELETE /api/leases/{id}`

use commands::handlers::VoidLease;
use domain::ids::LeaseId;

use crate::{
    auth::permit::{Manages, Only},
    endpoints::Why,
    http::{
        extract::{Path, Query},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Give a lease up before it came into force
///
/// Only a draft or a signed lease; later it is ended (409). Its history stays.
#[utoipa::path(
    delete, path = "/api/leases/{id}", operation_id = "voidLease", tag = "Leases",
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(lease): Path<LeaseId>,
    Query(Why { reason }): Query<Why>,
) -> Result<Done, Problem> {
    order
        .execute(&VoidLease {
            lease,
            reason: reason.into(),
        })
        .await
}
