//! `GET /api/properties`

use axum::http::Uri;
use projections::directory::{Property, queries::Entry};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    auth::permit::{Only, ReadsPortfolio},
    http::{
        directory::{Cursor, Limit, List, Page, listing},
        extract::Query,
        problem::Problem,
        reading::Inquiry,
        states::PropertyState,
    },
};

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those in this state.
    #[param(inline)]
    status: Option<PropertyState>,
    /// Where the page begins: from a `next` link.
    #[param(inline)]
    cursor: Option<Cursor>,
    /// How many things the page shows.
    #[param(inline)]
    limit: Option<Limit>,
}

/// List properties
#[utoipa::path(
    get, path = "/api/properties", operation_id = "listProperties", tag = "Properties",
    params(Filter), responses((status = 200, body = List<Entry<Property>>), Only<ReadsPortfolio>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsPortfolio>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Page<Entry<Property>>, Problem> {
    let listing = listing(filter.cursor, filter.limit)?.with_if("status", filter.status);
    inquiry.directory().await?.page(&uri, listing, |entry| entry).await
}
