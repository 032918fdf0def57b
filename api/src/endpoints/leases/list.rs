//! `GET /api/leases`

use axum::http::Uri;
use domain::ids::{PropertyId, ResidentId, UnitId};
use projections::directory::{Property, Resident, Unit};
use serde::Deserialize;
use utoipa::IntoParams;

use super::LeaseView;
use crate::{
    auth::permit::{Only, ReadsAllOrOwn},
    http::{
        directory::{Cursor, Limit, List, Page, listing},
        extract::Query,
        problem::Problem,
        reading::Inquiry,
        states::LeaseState,
    },
};

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those of units of this property.
    property: Option<PropertyId>,
    /// Only those of this unit.
    unit: Option<UnitId>,
    /// Only those of this resident.
    resident: Option<ResidentId>,
    /// Only those in this state.
    #[param(inline)]
    status: Option<LeaseState>,
    /// Where the page begins: from a `next` link.
    #[param(inline)]
    cursor: Option<Cursor>,
    /// How many things the page shows.
    #[param(inline)]
    limit: Option<Limit>,
}

/// List leases
///
/// The newest first. A resident sees only their own.
#[utoipa::path(
    get, path = "/api/leases", operation_id = "listLeases", tag = "Leases",
    params(Filter), responses((status = 200, body = List<LeaseView>), Only<ReadsAllOrOwn>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAllOrOwn>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Page<LeaseView>, Problem> {
    let mut directory = inquiry.directory().await?;
    directory.must_have::<Property>("property", filter.property).await?;
    directory.must_have::<Unit>("unit", filter.unit).await?;
    directory.must_have::<Resident>("resident", filter.resident).await?;
    filter.resident.map_or(Ok(()), |of| inquiry.permit.only_own(of))?;
    let listing = listing(filter.cursor, filter.limit)?
        .with_if("unit", filter.unit)
        .with_if("resident", inquiry.permit.only_resident().or(filter.resident))
        .with_if("property", filter.property)
        .with_if("status", filter.status);
    directory.page(&uri, listing, LeaseView::from).await
}
