//! `GET /api/tenants/{id}/requests`

use axum::http::Uri;
use domain::ids::ResidentId;
use projections::directory::{Request, Resident, queries::Entry};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    auth::permit::{Only, ReadsAllOrOwn},
    http::{
        directory::{Cursor, Limit, List, Page, listing},
        extract::{Path, Query},
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

/// List a resident's maintenance requests
///
/// The newest first.
#[utoipa::path(
    get, path = "/api/tenants/{id}/requests", operation_id = "listRequestsOfTenant", tag = "Residents",
    params(Filter), responses((status = 200, body = List<Entry<Request>>), Only<ReadsAllOrOwn>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAllOrOwn>,
    Path(resident): Path<ResidentId>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Page<Entry<Request>>, Problem> {
    inquiry.permit.only_own(resident)?;
    let mut directory = inquiry.directory().await?;
    directory.get::<Resident>(resident).await?;
    let listing = listing(filter.cursor, filter.limit)?
        .with("resident", resident)
        .with_if("status", filter.status);
    directory.page(&uri, listing, |entry| entry).await
}
