//! `GET /api/units/{id}/leases`

use axum::http::Uri;
use domain::ids::UnitId;
use projections::directory::Unit;
use serde::Deserialize;
use utoipa::IntoParams;

use super::LeaseView;
use crate::{
    auth::permit::{Only, ReadsAll},
    http::{
        directory::{Cursor, Limit, List, Page, listing},
        extract::{Path, Query},
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

/// List a unit's leases
///
/// The newest first.
#[utoipa::path(
    get, path = "/api/units/{id}/leases", operation_id = "listLeasesOfUnit", tag = "Leases",
    params(Filter), responses((status = 200, body = List<LeaseView>), Only<ReadsAll>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAll>,
    Path(unit): Path<UnitId>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Page<LeaseView>, Problem> {
    let mut directory = inquiry.directory().await?;
    directory.get::<Unit>(unit).await?;
    let listing = listing(filter.cursor, filter.limit)?
        .with("unit", unit)
        .with_if("status", filter.status);
    directory.page(&uri, listing, LeaseView::from).await
}
