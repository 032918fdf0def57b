//! `POST /api/tenants`

use commands::handlers::OnStream;
use domain::resident::{Resident, ResidentCommand};

use super::ResidentInput;
use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::Body,
        order::{Created, Order},
        problem::Problem,
    },
};

/// Take up an applicant
///
/// What is known of a person is kept sealed under a key of their own, and can be erased.
#[utoipa::path(
    post, path = "/api/tenants", operation_id = "createTenant", tag = "Residents",
    request_body = ResidentInput,
    responses(Created, Only<Manages>),
)]
pub async fn handle(order: Order<Manages>, Body(input): Body<ResidentInput>) -> Result<Created, Problem> {
    let create = ResidentCommand::Create {
        resident: order.id(0),
        profile: input.into(),
    };
    order
        .create(&OnStream::<Resident>::begin(order.id(0), create), "/api/tenants")
        .await
}
