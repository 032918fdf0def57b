//! `GET /api/leases/{id}/charges`

use axum::http::Uri;
use domain::ids::LeaseId;
use projections::directory::Lease;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ChargeView;
use crate::{
    auth::permit::{Only, ReadsAllOrOwn},
    http::{
        directory::{Cursor, Limit, List, Page, listing},
        extract::{Path, Query},
        problem::Problem,
        reading::Inquiry,
        states::ChargeState,
    },
};

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those in this state.
    #[param(inline)]
    status: Option<ChargeState>,
    /// Where the page begins: from a `next` link.
    #[param(inline)]
    cursor: Option<Cursor>,
    /// How many things the page shows.
    #[param(inline)]
    limit: Option<Limit>,
}

/// List what is and was owed on a lease
#[utoipa::path(
    get, path = "/api/leases/{id}/charges", operation_id = "listCharges", tag = "Leases",
    params(Filter), responses((status = 200, body = List<ChargeView>), Only<ReadsAllOrOwn>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAllOrOwn>,
    Path(lease): Path<LeaseId>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Page<ChargeView>, Problem> {
    let mut directory = inquiry.directory().await?;
    let of = directory.get::<Lease>(lease).await?;
    inquiry.permit.only_own_of(&of.document.terms.residents)?;
    let listing = listing(filter.cursor, filter.limit)?
        .with("lease", lease)
        .with_if("status", filter.status);
    directory.page(&uri, listing, ChargeView::from).await
}
