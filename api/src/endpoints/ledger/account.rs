//! `GET /api/ledger/accounts/{code}`

use axum::{
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use chrono::{Datelike as _, NaiveDate};
use domain::{
    ids::PropertyId,
    postings::{Account, Basis},
};
use projections::ledger::reports::{AccountQuestion, GeneralLedger, Place, general_ledger};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Format, Report, ready, today};
use crate::{
    auth::permit::{Only, ReadsAll},
    http::{
        directory::Cursor,
        extract::{PathText, Query},
        problem::Problem,
        reading::Inquiry,
        wire::Day,
    },
};

/// How many movements a page shows, and at most.
const USUAL: u32 = 200;
const MOST: u32 = 10_000;

/// What an account is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountQuery {
    /// The first day of the period; the first of the year of its last if it is left out.
    #[param(inline)]
    from: Option<Day>,
    /// The last day of the period; today if it is left out.
    #[param(inline)]
    to: Option<Day>,
    /// What is earned and owed (`accrual`, if it is left out), or what was received and paid (`cash`).
    #[param(inline)]
    basis: Option<Basis>,
    /// One property only.
    property: Option<PropertyId>,
    /// Where the page begins: from the `Link` header of the page before.
    #[param(inline)]
    cursor: Option<Cursor>,
    /// How many movements the page shows.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<u32>,
    /// In which form it comes; `json` if it is left out.
    #[serde(default)]
    #[param(inline, required = false)]
    format: Format,
}

/// Show the movements of an account in a period
///
/// Opening + movements = closing; each leads back to its event. Long periods come in pages: the `Link` header has the next.
#[utoipa::path(
    get, path = "/api/ledger/accounts/{code}", operation_id = "generalLedger", tag = "Ledger",
    params(AccountQuery),
    responses((status = 200, content((GeneralLedger = "application/json"), (String = "text/csv"))), Only<ReadsAll>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAll>,
    PathText(code): PathText,
    uri: Uri,
    Query(query): Query<AccountQuery>,
) -> Result<Response, Problem> {
    let account = code.parse().ok().and_then(|code: i16| Account::try_from(code).ok());
    let account = account.ok_or_else(|| Problem::not_found(format!("There is no account {code}.")))?;
    ready(&inquiry, query.property).await?;
    let to = match query.to {
        Some(Day(day)) => day,
        None => today(&inquiry).await?,
    };
    let question = AccountQuestion {
        account,
        from: query.from.map_or_else(|| first_of_year(to), |Day(day)| day),
        to,
        basis: query.basis.unwrap_or_default(),
        property: query.property,
        after: query.cursor.map(|cursor| cursor.place()).transpose()?,
        limit: limit(query.limit)?,
    };
    let report = general_ledger(&inquiry.app().pools.app, inquiry.organization(), question).await?;
    let link = report.next.and_then(|place| next(&uri, place));
    let mut response = Report {
        report,
        format: query.format,
    }
    .into_response();
    if let Some(link) = link {
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}

fn first_of_year(day: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap_or(day)
}

fn limit(limit: Option<u32>) -> Result<u32, Problem> {
    match limit.unwrap_or(USUAL) {
        limit @ 1..=MOST => Ok(limit),
        _ => Err(Problem::bad_request("`limit` is from 1 to 10000.").field("limit", "must be from 1 to 10000")),
    }
}

fn next(uri: &Uri, place: Place) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("<{}>; rel=\"next\"", Cursor::of(&place).link_from(uri))).ok()
}
