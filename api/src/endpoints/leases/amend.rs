//! `PUT /api/leases/{id}`

use commands::handlers::AmendLease;
use domain::ids::LeaseId;

use super::TermsInput;
use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
    },
};

/// Change a draft
///
/// All of it, as it is from now on. Once a lease is signed this is refused (409), and the answer names what there is
/// instead: rent change, renewal, notice.
#[utoipa::path(
    put, path = "/api/leases/{id}", operation_id = "amendLease", tag = "Leases",
    request_body = TermsInput,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(lease): Path<LeaseId>,
    Body(terms): Body<TermsInput>,
) -> Result<Done, Problem> {
    order
        .execute(&AmendLease {
            lease,
            terms: terms.into(),
        })
        .await
}
