//! `GET /api/maintenance/requests`

use axum::http::Uri;
use domain::{
    ids::{PropertyId, ResidentId, UnitId},
    maintenance_request::Priority,
};
use projections::directory::{Property, Request, Resident, Unit, queries::Entry};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    auth::permit::{Only, ReadsAll},
    http::{
        directory::{Cursor, Limit, List, Page, listing},
        extract::Query,
        problem::Problem,
        reading::Inquiry,
        states::RequestState,
    },
};

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those at this property.
    property: Option<PropertyId>,
    /// Only those in this unit.
    unit: Option<UnitId>,
    /// Only those that this resident reported.
    resident: Option<ResidentId>,
    /// Only those of this priority.
    priority: Option<Priority>,
    /// Only those in this state.
    #[param(inline)]
    status: Option<RequestState>,
    /// Where the page begins: from a `next` link.
    #[param(inline)]
    cursor: Option<Cursor>,
    /// How many things the page shows.
    #[param(inline)]
    limit: Option<Limit>,
}

/// List maintenance requests
///
/// The newest first.
#[utoipa::path(
    get, path = "/api/maintenance/requests", operation_id = "listRequests", tag = "Maintenance",
    params(Filter), responses((status = 200, body = List<Entry<Request>>), Only<ReadsAll>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAll>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Page<Entry<Request>>, Problem> {
    let mut directory = inquiry.directory().await?;
    directory.must_have::<Property>("property", filter.property).await?;
    directory.must_have::<Unit>("unit", filter.unit).await?;
    directory.must_have::<Resident>("resident", filter.resident).await?;
    let listing = listing(filter.cursor, filter.limit)?
        .with_if("unit", filter.unit)
        .with_if("resident", filter.resident)
        .with_if("property", filter.property)
        .with_if("priority", filter.priority)
        .with_if("status", filter.status);
    directory.page(&uri, listing, |entry| entry).await
}
