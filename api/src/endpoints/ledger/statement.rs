//! `GET /api/ledger/leases/{id}/statement`

use domain::ids::{LeaseId, ResidentId};
use projections::ledger::reports::{Statement, lease_statement};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Format, Report, ready, today};
use crate::{
    auth::permit::{Only, ReadsAllOrOwn},
    http::{
        extract::{Path, Query},
        problem::Problem,
        reading::Inquiry,
        wire::Day,
    },
};

/// What a statement is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatementQuery {
    /// The first day of the period; the beginning if it is left out.
    #[param(inline)]
    from: Option<Day>,
    /// The last day of the period; today if it is left out.
    #[param(inline)]
    to: Option<Day>,
    /// In which form it comes; `json` if it is left out.
    #[serde(default)]
    #[param(inline, required = false)]
    format: Format,
}

/// Show what happened on a lease's account
///
/// Opening + charges - payments = closing, with the running balance. Residents see their own.
#[utoipa::path(
    get, path = "/api/ledger/leases/{id}/statement", operation_id = "leaseStatement", tag = "Ledger",
    params(StatementQuery),
    responses((status = 200, content((Statement = "application/json"), (String = "text/csv"))), Only<ReadsAllOrOwn>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAllOrOwn>,
    Path(lease): Path<LeaseId>,
    Query(query): Query<StatementQuery>,
) -> Result<Report<Statement>, Problem> {
    ready(&inquiry, None).await?;
    let to = match query.to {
        Some(Day(day)) => day,
        None => today(&inquiry).await?,
    };
    let from = query.from.map(|Day(day)| day);
    let report = lease_statement(&inquiry.app().pools.app, inquiry.organization(), lease, from, to)
        .await?
        .ok_or_else(Problem::absent)?;
    let residents: Vec<ResidentId> = report.residents.iter().map(|resident| resident.id).collect();
    inquiry.permit.only_own_of(&residents)?;
    Ok(Report {
        report,
        format: query.format,
    })
}
