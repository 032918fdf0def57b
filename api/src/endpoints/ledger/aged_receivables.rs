//! `GET /api/ledger/aged-receivables`

use projections::ledger::reports::{self, AgedReceivables};

use super::{Report, ReportQuery};
use crate::{
    auth::permit::{Only, ReadsAll},
    http::{extract::Query, problem::Problem, reading::Inquiry},
};

/// Show what residents owe, by how long it has been due
///
/// What it sums to is the balance of account 1200.
#[utoipa::path(
    get, path = "/api/ledger/aged-receivables", operation_id = "agedReceivables", tag = "Ledger",
    params(ReportQuery),
    responses((status = 200, content((AgedReceivables = "application/json"), (String = "text/csv"))), Only<ReadsAll>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAll>,
    Query(query): Query<ReportQuery>,
) -> Result<Report<AgedReceivables>, Problem> {
    let scope = query.scope(&inquiry).await?;
    let report = reports::aged_receivables(&inquiry.app().pools.app, inquiry.organization(), scope).await?;
    Ok(Report {
        report,
        format: query.format,
    })
}
