//! `GET /api/ledger/trial-balance`

use projections::ledger::reports::{self, TrialBalance};

use super::{Report, ReportQuery};
use crate::{
    auth::permit::{Only, ReadsAll},
    http::{extract::Query, problem::Problem, reading::Inquiry},
};

/// Show what every account comes to on a day
///
/// The debits equal the credits, in either view and for each property.
#[utoipa::path(
    get, path = "/api/ledger/trial-balance", operation_id = "trialBalance", tag = "Ledger",
    params(ReportQuery),
    responses((status = 200, content((TrialBalance = "application/json"), (String = "text/csv"))), Only<ReadsAll>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAll>,
    Query(query): Query<ReportQuery>,
) -> Result<Report<TrialBalance>, Problem> {
    let scope = query.scope(&inquiry).await?;
    let report = reports::trial_balance(&inquiry.app().pools.app, inquiry.organization(), scope).await?;
    Ok(Report {
        report,
        format: query.format,
    })
}
