//! `GET /api/ledger/rent-roll`

use projections::ledger::reports::{self, RentRoll};

use super::{Report, ReportQuery};
use crate::{
    auth::permit::{Only, ReadsAll},
    http::{extract::Query, problem::Problem, reading::Inquiry},
};

/// Show every unit on a day, rented or not
#[utoipa::path(
    get, path = "/api/ledger/rent-roll", operation_id = "rentRoll", tag = "Ledger",
    params(ReportQuery),
    responses((status = 200, content((RentRoll = "application/json"), (String = "text/csv"))), Only<ReadsAll>),
)]
pub async fn handle(inquiry: Inquiry<ReadsAll>, Query(query): Query<ReportQuery>) -> Result<Report<RentRoll>, Problem> {
    let scope = query.scope(&inquiry).await?;
    let report = reports::rent_roll(&inquiry.app().pools.app, inquiry.organization(), scope).await?;
    Ok(Report {
        report,
        format: query.format,
    })
}
