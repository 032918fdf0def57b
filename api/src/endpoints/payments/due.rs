//! `GET /api/payments/due`

use axum::http::Uri;
use domain::ids::{LeaseId, PropertyId, ResidentId};
use projections::directory::{Lease, Property, Resident};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::endpoints::leases::ChargeView;
use crate::{
    auth::permit::{Only, ReadsAllOrOwn},
    http::{
        directory::{Cursor, Limit, List, Page, listing},
        extract::Query,
        problem::Problem,
        reading::Inquiry,
        wire::Day,
    },
};

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only on this lease.
    lease: Option<LeaseId>,
    /// Only what this resident owes, jointly with others.
    resident: Option<ResidentId>,
    /// Only on leases of this property.
    property: Option<PropertyId>,
    /// Only what is due by this day.
    #[param(inline)]
    by: Option<Day>,
    /// Where the page begins: from a `next` link.
    #[param(inline)]
    cursor: Option<Cursor>,
    /// How many things the page shows.
    #[param(inline)]
    limit: Option<Limit>,
}

/// List what is due and unpaid
///
/// The open charges, the oldest first. A resident sees only their own.
#[utoipa::path(
    get, path = "/api/payments/due", operation_id = "listPaymentsDue", tag = "Payments",
    params(Filter), responses((status = 200, body = List<ChargeView>), Only<ReadsAllOrOwn>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAllOrOwn>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Page<ChargeView>, Problem> {
    let mut directory = inquiry.directory().await?;
    if let Some(lease) = filter.lease {
        let lease = directory.get::<Lease>(lease).await?;
        inquiry.permit.only_own_of(&lease.document.terms.residents)?;
    }
    directory.must_have::<Resident>("resident", filter.resident).await?;
    filter.resident.map_or(Ok(()), |of| inquiry.permit.only_own(of))?;
    directory.must_have::<Property>("property", filter.property).await?;
    let listing = listing(filter.cursor, filter.limit)?
        .with("status", "open")
        .with_if("lease", filter.lease)
        .with_if("resident", inquiry.permit.only_resident().or(filter.resident))
        .with_if("property", filter.property);
    let listing = match filter.by {
        Some(Day(day)) => listing.until(day),
        None => listing,
    };
    directory.page(&uri, listing, ChargeView::from).await
}
