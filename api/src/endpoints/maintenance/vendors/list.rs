//! `GET /api/maintenance/vendors`

use axum::http::Uri;
use projections::directory::{Vendor, queries::Entry};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    auth::permit::{Only, ReadsAll},
    http::{
        directory::{Cursor, Limit, List, Page, listing},
        extract::Query,
        problem::Problem,
        reading::Inquiry,
        states::VendorState,
    },
};

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those that do this: `plumbing`, `hvac`.
    #[param(pattern = "^[^\\x00]*$")]
    trade: Option<String>,
    /// Only those in this state.
    #[param(inline)]
    status: Option<VendorState>,
    /// Where the page begins: from a `next` link.
    #[param(inline)]
    cursor: Option<Cursor>,
    /// How many things the page shows.
    #[param(inline)]
    limit: Option<Limit>,
}

/// List vendors
#[utoipa::path(
    get, path = "/api/maintenance/vendors", operation_id = "listVendors", tag = "Maintenance",
    params(Filter), responses((status = 200, body = List<Entry<Vendor>>), Only<ReadsAll>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAll>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Page<Entry<Vendor>>, Problem> {
    let listing = listing(filter.cursor, filter.limit)?
        .with_if("trade", filter.trade)
        .with_if("status", filter.status);
    inquiry.directory().await?.page(&uri, listing, |entry| entry).await
}
