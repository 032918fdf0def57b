//! `GET /api/bank-accounts`

use axum::http::Uri;
use projections::directory::{BankAccount, queries::Entry};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    auth::permit::{Only, ReadsAll},
    http::{
        directory::{Cursor, Limit, List, Page, listing},
        extract::Query,
        problem::Problem,
        reading::Inquiry,
        states::BankAccountState,
    },
};

/// Which of them.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those in this state.
    #[param(inline)]
    status: Option<BankAccountState>,
    /// Where the page begins: from a `next` link.
    #[param(inline)]
    cursor: Option<Cursor>,
    /// How many things the page shows.
    #[param(inline)]
    limit: Option<Limit>,
}

/// List bank accounts
#[utoipa::path(
    get, path = "/api/bank-accounts", operation_id = "listBankAccounts", tag = "Payments",
    params(Filter), responses((status = 200, body = List<Entry<BankAccount>>), Only<ReadsAll>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAll>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Page<Entry<BankAccount>>, Problem> {
    let listing = listing(filter.cursor, filter.limit)?.with_if("status", filter.status);
    inquiry.directory().await?.page(&uri, listing, |entry| entry).await
}
