//! `GET /api/payments/ledger`

use axum::http::Uri;
use domain::ids::{LeaseId, ResidentId};
use projections::directory::{Lease, Payment, Resident, queries::Entry};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    auth::permit::{Only, ReadsAll},
    http::{
        directory::{Cursor, Limit, List, Page, listing},
        extract::Query,
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
    /// Only those for this lease.
    lease: Option<LeaseId>,
    /// Only those of this payer.
    payer: Option<ResidentId>,
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

/// List every payment and what became of it
///
/// The newest first. The books behind them are under `/api/ledger`.
#[utoipa::path(
    get, path = "/api/payments/ledger", operation_id = "paymentLedger", tag = "Payments",
    params(Filter), responses((status = 200, body = List<Entry<Payment>>), Only<ReadsAll>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAll>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Page<Entry<Payment>>, Problem> {
    let mut directory = inquiry.directory().await?;
    directory.must_have::<Lease>("lease", filter.lease).await?;
    directory.must_have::<Resident>("payer", filter.payer).await?;
    let listing = listing(filter.cursor, filter.limit)?
        .with_if("lease", filter.lease)
        .with_if("resident", filter.payer)
        .with_if("status", filter.status);
    directory.page(&uri, listing, |entry| entry).await
}
