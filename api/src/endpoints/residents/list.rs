//! `GET /api/tenants`

use axum::http::Uri;
use projections::directory::{Resident, queries::Entry};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    auth::permit::{Only, ReadsAll},
    http::{
        directory::{Cursor, Limit, List, Page, listing},
        extract::Query,
        problem::Problem,
        reading::Inquiry,
        states::ResidentState,
    },
};

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those in this state.
    #[param(inline)]
    status: Option<ResidentState>,
    /// Where the page begins: from a `next` link.
    #[param(inline)]
    cursor: Option<Cursor>,
    /// How many things the page shows.
    #[param(inline)]
    limit: Option<Limit>,
}

/// List residents
#[utoipa::path(
    get, path = "/api/tenants", operation_id = "listTenants", tag = "Residents",
    params(Filter), responses((status = 200, body = List<Entry<Resident>>), Only<ReadsAll>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAll>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Page<Entry<Resident>>, Problem> {
    let listing = listing(filter.cursor, filter.limit)?.with_if("status", filter.status);
    inquiry.directory().await?.page(&uri, listing, |entry| entry).await
}
