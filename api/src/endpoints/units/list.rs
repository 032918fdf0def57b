//! `GET /api/properties/{id}/units`

use axum::http::Uri;
use domain::ids::PropertyId;
use projections::directory::{Property, Unit, queries::Entry};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    auth::permit::{Only, ReadsPortfolio},
    http::{
        directory::{Cursor, Limit, List, Page, listing},
        extract::{Path, Query},
        problem::Problem,
        reading::Inquiry,
        states::UnitState,
    },
};

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those in this state.
    #[param(inline)]
    status: Option<UnitState>,
    /// Where the page begins: from a `next` link.
    #[param(inline)]
    cursor: Option<Cursor>,
    /// How many things the page shows.
    #[param(inline)]
    limit: Option<Limit>,
}

/// List a property's units
#[utoipa::path(
    get, path = "/api/properties/{id}/units", operation_id = "listUnits", tag = "Properties",
    params(Filter), responses((status = 200, body = List<Entry<Unit>>), Only<ReadsPortfolio>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsPortfolio>,
    Path(property): Path<PropertyId>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Page<Entry<Unit>>, Problem> {
    let mut directory = inquiry.directory().await?;
    directory.get::<Property>(property).await?;
    let listing = listing(filter.cursor, filter.limit)?
        .with("property", property)
        .with_if("status", filter.status);
    directory.page(&uri, listing, |entry| entry).await
}
