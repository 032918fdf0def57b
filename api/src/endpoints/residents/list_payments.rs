//! `GET /api/tenants/{id}/payments`

use axum::http::Uri;
use domain::ids::ResidentId;
use projections::directory::{Payment, Resident, queries::Entry};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    auth::permit::{Only, ReadsAllOrOwn},
    http::{
        directory::{Cursor, Limit, List, Page, listing},
        extract::{Path, Query},
        problem::Problem,
        reading::Inquiry,
        states::PaymentState,
    },
};

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those in this state.
    #[param(inline)]
    status: Option<PaymentState>,
    /// Where the page begins: from a `next` link.
    #[param(inline)]
    cursor: Option<Cursor>,
    /// How many things the page shows.
    #[param(inline)]
    limit: Option<Limit>,
}

/// List a resident's payments
///
/// The newest first.
#[utoipa::path(
    get, path = "/api/tenants/{id}/payments", operation_id = "listPaymentsOfTenant", tag = "Residents",
    params(Filter), responses((status = 200, body = List<Entry<Payment>>), Only<ReadsAllOrOwn>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAllOrOwn>,
    Path(resident): Path<ResidentId>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Page<Entry<Payment>>, Problem> {
    inquiry.permit.only_own(resident)?;
    let mut directory = inquiry.directory().await?;
    directory.get::<Resident>(resident).await?;
    let listing = listing(filter.cursor, filter.limit)?
        .with("resident", resident)
        .with_if("status", filter.status);
    directory.page(&uri, listing, |entry| entry).await
}
