//! `GET /api/analytics/dashboard`

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use domain::{
    ids::{LeaseId, PropertyId, ResidentId, UnitId},
    money::{Currency, Money},
    settings::Settings,
    sla::day_begins,
    span::month_after,
};
use projections::{
    dashboard::{
        Dashboard,
        queries::{self, Deadlines, Late, Month, Question, TimeToResolve},
    },
    directory::Property,
};
use serde::{Deserialize, Serialize};
use streams::Projection as _;
use tokio::try_join;
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::permit::{Only, ReadsPortfolio},
    clock,
    http::{
        extract::Query,
        problem::Problem,
        reading::{Answer, Inquiry},
    },
};

/// What the dashboard is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// One property only.
    property: Option<PropertyId>,
    /// How many months it looks back on, the present one included; 12 if it is left out.
    #[param(minimum = 1, maximum = 60)]
    months: Option<u8>,
}

/// How the portfolio, or a property, does.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DashboardView {
    /// The day it is about: today, where the organization is.
    as_of: NaiveDate,
    /// The property it is limited to.
    property: Option<PropertyId>,
    /// All units.
    units: i64,
    /// Those that are not offline.
    rentable_units: i64,
    /// Those that are lived in, on notice or not.
    occupied_units: i64,
    /// Occupied of rentable units, from 0 to 1; null without any.
    occupancy: Option<f64>,
    /// Market rent of every rentable unit, a month.
    gross_potential_rent: Money,
    /// Contract rent by occupied unit; null without any.
    average_rent: Option<Money>,
    /// What was due, month by month, the oldest first.
    months: Vec<MonthView>,
    /// Who is late today.
    late: LateView,
    /// Open requests by priority.
    open_requests: BTreeMap<String, i64>,
    /// Open work orders by priority.
    open_work_orders: BTreeMap<String, i64>,
    /// How repairs were answered and finished in the period.
    service: ServiceView,
}

/// What was due in a month.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MonthView {
    /// Its first day.
    month: NaiveDate,
    /// Charges, net of waivers and concessions.
    charged: Money,
    /// Receipts applied to them, whenever.
    collected: Money,
    /// Collected of charged, from 0 to 1; null if nothing was.
    collection_rate: Option<f64>,
    /// What of them is past due and unpaid today.
    delinquent: Money,
    /// Receipts applied to its rent.
    rent_collected: Money,
}

/// Who is late today.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LateView {
    /// How many leases have something past due.
    leases: i64,
    /// How much it is in all.
    past_due: Money,
    /// The twenty that owe most.
    most: Vec<LateLease>,
}

/// A lease with something past due.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LateLease {
    /// The lease.
    lease: LeaseId,
    /// Its property.
    property: PropertyId,
    /// Its unit.
    unit: UnitId,
    /// Its residents.
    residents: Vec<ResidentId>,
    /// What is past due.
    amount: Money,
    /// Since when.
    since: NaiveDate,
}

/// How repairs were answered and finished in the period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceView {
    /// First assignments.
    responses: KeptView,
    /// Ends of work.
    resolutions: KeptView,
    /// How long it took from the report to the end of the work.
    time_to_resolve: TimeView,
}

/// Deadlines that fell into the period.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeptView {
    /// How many.
    due: i64,
    /// How many were kept; one that is still open is not.
    met: i64,
    /// Kept of all, from 0 to 1; null without any.
    rate: Option<f64>,
}

/// How long jobs took. Of more than a hundred, the median and the ninth decile are within one percent of what they are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimeView {
    /// How many jobs.
    jobs: i64,
    /// Mean, in hours; null without any.
    mean_hours: Option<f64>,
    /// Half took no longer, in hours.
    median_hours: Option<f64>,
    /// Nine of ten took no longer, in hours.
    p90_hours: Option<f64>,
}

/// Show how the portfolio, or a property, does
///
/// Occupancy, rents, what was charged and collected by month, who is late today, open repairs and how they were answered.
#[utoipa::path(
    get, path = "/api/analytics/dashboard", operation_id = "dashboard", tag = "Analytics",
    params(Filter), responses((status = 200, body = DashboardView), Only<ReadsPortfolio>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsPortfolio>,
    Query(filter): Query<Filter>,
) -> Result<Answer<DashboardView>, Problem> {
    // Both ask the database, on connections of their own.
    let (settings, mut reading) = try_join!(inquiry.settings(), inquiry.read(Dashboard.name(), Dashboard.version()))?;
    let question = question(&inquiry, &filter, &settings)?;
    let answer = queries::dashboard(&mut reading.tx, &question).await?;
    // One that has units is there.
    if answer.portfolio.units == 0 {
        inquiry.must_have::<Property>("property", filter.property).await?;
    }
    let view = view(answer, (question.today, filter.property), settings.currency);
    Ok(Answer::new(view, &reading))
}

fn question(inquiry: &Inquiry<ReadsPortfolio>, filter: &Filter, settings: &Settings) -> Result<Question, Problem> {
    let months = match filter.months.unwrap_or(12) {
        months @ 1..=60 => u32::from(months),
        _ => return Err(Problem::bad_request("`months` is from 1 to 60.").field("months", "must be from 1 to 60")),
    };
    let today = clock::today(settings.time_zone);
    let from = month_after(today, 0)
        .checked_sub_months(Months::new(months - 1))
        .unwrap_or(today);
    Ok(Question {
        organization: inquiry.organization().0,
        property: filter.property.map(|property| property.0),
        today,
        now: clock::now(),
        from,
        months,
        measured_from: day_begins(from, settings.time_zone),
    })
}

fn view(
    answer: queries::Answer,
    (today, property): (NaiveDate, Option<PropertyId>),
    currency: Currency,
) -> DashboardView {
    let money = |minor| Money::new(minor, currency);
    let portfolio = answer.portfolio;
    DashboardView {
        as_of: today,
        property,
        units: portfolio.units,
        rentable_units: portfolio.rentable,
        occupied_units: portfolio.occupied,
        occupancy: portfolio.occupancy(),
        gross_potential_rent: money(portfolio.market_rent),
        average_rent: portfolio.average_rent().map(money),
        months: answer.months.iter().map(|month| month_view(month, currency)).collect(),
        late: LateView {
            leases: answer.late_leases,
            past_due: money(answer.past_due),
            most: answer.late.into_iter().map(|late| late_lease(late, currency)).collect(),
        },
        open_requests: answer.open_requests,
        open_work_orders: answer.open_work_orders,
        service: ServiceView {
            responses: answer.responses.into(),
            resolutions: answer.resolutions.into(),
            time_to_resolve: answer.time_to_resolve.into(),
        },
    }
}

fn month_view(month: &Month, currency: Currency) -> MonthView {
    let money = |minor| Money::new(minor, currency);
    MonthView {
        month: month.month,
        charged: money(month.charged),
        collected: money(month.collected),
        collection_rate: month.collection_rate(),
        delinquent: money(month.delinquent),
        rent_collected: money(month.rent_collected),
    }
}

fn late_lease(late: Late, currency: Currency) -> LateLease {
    LateLease {
        lease: LeaseId(late.lease_id),
        property: PropertyId(late.property_id),
        unit: UnitId(late.unit_id),
        residents: late.residents.into_iter().map(ResidentId).collect(),
        amount: Money::new(late.amount, currency),
        since: late.oldest,
    }
}

impl From<Deadlines> for KeptView {
    fn from(deadlines: Deadlines) -> Self {
        Self {
            due: deadlines.due,
            met: deadlines.met,
            rate: deadlines.rate(),
        }
    }
}

impl From<TimeToResolve> for TimeView {
    fn from(time: TimeToResolve) -> Self {
        let hours = |seconds: Option<f64>| seconds.map(|seconds| seconds / 3600.0);
        Self {
            jobs: time.jobs,
            mean_hours: hours(time.mean),
            median_hours: hours(time.median),
            p90_hours: hours(time.p90),
        }
    }
}
