//! `POST /api/units/{id}/leases`

use commands::handlers::DraftLease;
use domain::ids::UnitId;

use super::TermsInput;
use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Created, Order},
        problem::Problem,
    },
};

/// Draft a lease of a unit
///
/// Drafts may compete; the unit is taken once one is signed.
#[utoipa::path(
    post, path = "/api/units/{id}/leases", operation_id = "draftLease", tag = "Leases",
    request_body = TermsInput,
    responses(Created, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(unit): Path<UnitId>,
    Body(terms): Body<TermsInput>,
) -> Result<Created, Problem> {
    order
        .create(
            &DraftLease {
                unit,
                terms: terms.into(),
            },
            "/api/leases",
        )
        .await
}
