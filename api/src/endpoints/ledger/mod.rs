//! The books.

pub mod account;
pub mod aged_receivables;
pub mod rent_roll;
pub mod statement;
pub mod trial_balance;

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use chrono::NaiveDate;
use domain::{ids::PropertyId, postings::Basis};
use projections::{
    directory::Property,
    ledger::{
        Ledger,
        reports::{ReportError, Scope, Table, csv},
    },
};
use serde::{Deserialize, Serialize};
use streams::Projection as _;
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::permit::Permission,
    clock,
    http::{problem::Problem, reading::Inquiry, wire::Day},
};

/// In which form a report comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// Comma-separated values, one row for each line of the report.
    Csv,
}

/// What a report is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// The last day that counts; today if it is left out.
    #[param(inline)]
    as_of: Option<Day>,
    /// What is earned and owed (`accrual`, if it is left out), or what was received and paid (`cash`).
    #[param(inline)]
    basis: Option<Basis>,
    /// One property only.
    property: Option<PropertyId>,
    /// In which form it comes; `json` if it is left out.
    #[serde(default)]
    #[param(inline, required = false)]
    format: Format,
}

impl ReportQuery {
    /// What is asked for, once the ledger has come as far as the caller asks.
    async fn scope<P: Permission>(&self, inquiry: &Inquiry<P>) -> Result<Scope, Problem> {
        ready(inquiry, self.property).await?;
        let as_of = match self.as_of {
            Some(Day(day)) => day,
            None => today(inquiry).await?,
        };
        Ok(Scope {
            basis: self.basis.unwrap_or_default(),
            as_of,
            property: self.property,
        })
    }
}

/// Waits for the ledger, and refuses a property that is not the organization's.
async fn ready<P: Permission>(inquiry: &Inquiry<P>, property: Option<PropertyId>) -> Result<(), Problem> {
    inquiry.must_have::<Property>("property", property).await?;
    inquiry.wait_until(Ledger.name()).await
}

async fn today<P: Permission>(inquiry: &Inquiry<P>) -> Result<NaiveDate, Problem> {
    Ok(clock::today(inquiry.settings().await?.time_zone))
}

/// A report in the form that was asked for.
pub struct Report<T> {
    report: T,
    format: Format,
}

impl<T: Serialize + Table> IntoResponse for Report<T> {
    fn into_response(self) -> Response {
        match self.format {
            Format::Json => axum::Json(self.report).into_response(),
            Format::Csv => {
                let kind = (
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("text/csv; charset=utf-8"),
                );
                ([kind], csv(&self.report)).into_response()
            }
        }
    }
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Read(error) => error.into(),
            // The organization was made a moment ago: its first event is on its way.
            ReportError::NoBooks => Self::unavailable("no-books-yet", error.to_string()),
        }
    }
}
