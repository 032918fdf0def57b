//! `POST /api/leases/{id}/renew`

use commands::handlers::RenewLease;
use domain::{ids::LeaseId, lease::Renewal};
use serde::Deserialize;
use utoipa::ToSchema;

use super::day_after;
use crate::{
    auth::permit::{Manages, Only},
    http::{
        extract::{Body, Path},
        order::{Done, Order},
        problem::Problem,
        wire::{Amount, AmountOrZero, Day},
    },
};

/// Another term.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenewalInput {
    /// Its first day: the day after the present term's last.
    starts_on: Day,
    /// Its last day, included. Without it the lease runs from month to month.
    #[serde(default)]
    last_day: Option<Day>,
    /// The rent of a whole month.
    rent: Amount,
    /// The tax on it, on top, if any.
    #[serde(default)]
    rent_tax: Option<AmountOrZero>,
}

/// Agree on another term
#[utoipa::path(
    post, path = "/api/leases/{id}/renew", operation_id = "renewLease", tag = "Leases",
    request_body = RenewalInput,
    responses(Done, Only<Manages>),
)]
pub async fn handle(
    order: Order<Manages>,
    Path(lease): Path<LeaseId>,
    Body(input): Body<RenewalInput>,
) -> Result<Done, Problem> {
    let renewal = Renewal {
        from: input.starts_on.into(),
        to: input.last_day.map(day_after),
        rent: input.rent.into(),
        rent_tax: input.rent_tax.map(Into::into),
    };
    order.execute(&RenewLease { lease, renewal }).await
}
