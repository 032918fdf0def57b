//! The figures of the dashboard, as `accounting.md`'s KPIs define them: each from sums, not from the portfolio's rows.

mod arrears;
mod period;
mod repairs;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::span::month_after;
use sqlx::PgConnection;
use uuid::Uuid;

/// What the dashboard is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// Whose.
    pub organization: Uuid,
    /// One property only.
    pub property: Option<Uuid>,
    /// The civil date that counts as today.
    pub today: NaiveDate,
    /// The instant that counts as now: an open deadline before it is a miss.
    pub now: DateTime<Utc>,
    /// The first month of the series, by any of its days.
    pub from: NaiveDate,
    /// How many months of it.
    pub months: u32,
    /// The first instant of the period in which service levels are measured.
    pub measured_from: DateTime<Utc>,
}

/// The figures on a date.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Portfolio {
    /// All units.
    pub units: i64,
    /// Those that are not offline.
    pub rentable: i64,
    /// Those with residents in them, on notice or not.
    pub occupied: i64,
    /// Gross potential rent: the market rent of every rentable unit, in minor units a month.
    pub market_rent: i64,
    /// The contract rent of every occupied unit, in minor units a month.
    pub contract_rent: i64,
}

impl Portfolio {
    /// Occupied of rentable units; `None` without any.
    #[must_use]
    pub fn occupancy(&self) -> Option<f64> {
        ratio(self.occupied, self.rentable)
    }

    /// Contract rent by occupied unit, in minor units, rounded down; `None` without any.
    #[must_use]
    pub const fn average_rent(&self) -> Option<i64> {
        self.contract_rent.checked_div(self.occupied)
    }
}

/// What was due in a month. In minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Month {
    /// Its first day.
    pub month: NaiveDate,
    /// Charges, net of waivers and concessions.
    pub charged: i64,
    /// Receipts applied to them, whenever.
    pub collected: i64,
    /// Receipts applied to its rent.
    pub rent_collected: i64,
    /// What of them is past due and unpaid today.
    pub delinquent: i64,
}

impl Month {
    /// Collected of charged; `None` if nothing was charged.
    #[must_use]
    pub fn collection_rate(&self) -> Option<f64> {
        ratio(self.collected, self.charged)
    }
}

/// A lease with something past due.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Late {
    /// The lease.
    pub lease_id: Uuid,
    /// Its property.
    pub property_id: Uuid,
    /// Its unit.
    pub unit_id: Uuid,
    /// Its residents.
    #[sqlx(json)]
    pub residents: Vec<Uuid>,
    /// What is past due, in minor units.
    pub amount: i64,
    /// Since when.
    pub oldest: NaiveDate,
}

/// Deadlines that fell into the period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Deadlines {
    /// How many.
    pub due: i64,
    /// How many were kept; one that is still open is not.
    pub met: i64,
}

impl Deadlines {
    /// Kept of all; `None` without any.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        ratio(self.met, self.due)
    }
}

/// How long jobs took that ended in the period, in seconds from the report to the end of the work.
#[derive(Debug, Clone, Copy, Default, PartialEq, sqlx::FromRow)]
pub struct TimeToResolve {
    /// How many jobs.
    pub jobs: i64,
    /// Mean.
    pub mean: Option<f64>,
    /// Half took no longer.
    pub median: Option<f64>,
    /// Nine of ten took no longer.
    pub p90: Option<f64>,
}

/// How many are open, by priority.
pub type Open = BTreeMap<String, i64>;

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Units and rents today.
    pub portfolio: Portfolio,
    /// Month by month.
    pub months: Vec<Month>,
    /// How many leases have something past due.
    pub late_leases: i64,
    /// How much it is in all, in minor units.
    pub past_due: i64,
    /// The twenty that owe most.
    pub late: Vec<Late>,
    /// Requests.
    pub open_requests: Open,
    /// Work orders.
    pub open_work_orders: Open,
    /// First assignments.
    pub responses: Deadlines,
    /// Ends of work.
    pub resolutions: Deadlines,
    /// How long it took.
    pub time_to_resolve: TimeToResolve,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share shown to people; no money is counted with it"
)]
fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole != 0).then(|| part as f64 / whole as f64)
}

/// Answers in the transaction that [`store::organization::read`] opened.
///
/// # Errors
/// Passes on what the database says.
pub async fn dashboard(connection: &mut PgConnection, question: &Question) -> Result<Answer, sqlx::Error> {
    let (late_leases, past_due) = arrears::arrears(connection, question).await?;
    let repairs = repairs::repairs(connection, question).await?;
    Ok(Answer {
        portfolio: portfolio(connection, question).await?,
        months: months(connection, question).await?,
        late_leases,
        past_due,
        late: arrears::late(connection, question, late_leases).await?,
        open_requests: repairs::open(connection, question, false).await?,
        open_work_orders: repairs::open(connection, question, true).await?,
        responses: repairs.responses,
        resolutions: repairs.resolutions,
        time_to_resolve: repairs.time_to_resolve,
    })
}

impl Question {
    fn scope(&self) -> Uuid {
        self.property.unwrap_or(self.organization)
    }

    /// The condition on a row's property, with [`Self::scope`] in `$2`: in a statement of its own for each case, which has a plan of its
    /// own. Without one it is a condition that, as the server sees it, hardly any row fails.
    fn of_property(&self) -> &'static str {
        match self.property {
            Some(_) => "property_id = $2",
            None => "$2::uuid IS NOT NULL",
        }
    }
}

async fn portfolio(connection: &mut PgConnection, question: &Question) -> Result<Portfolio, sqlx::Error> {
    sqlx::query_as(
        "SELECT coalesce(sum(units), 0)::bigint AS units, coalesce(sum(rentable), 0)::bigint AS rentable,
                coalesce(sum(occupied), 0)::bigint AS occupied, coalesce(sum(market_rent), 0)::bigint AS market_rent,
                coalesce(sum(contract_rent), 0)::bigint AS contract_rent
           FROM (SELECT units, rentable, occupied, market_rent, contract_rent FROM dashboard_v2.movements_by_month
                  WHERE tenant_id = $1 AND scope = $2 AND month < $4
                 UNION ALL
                 SELECT units, rentable, occupied, market_rent, contract_rent FROM dashboard_v2.movements
                  WHERE tenant_id = $1 AND scope = $2 AND day BETWEEN $4 AND $3) AS moved",
    )
    .bind(question.organization)
    .bind(question.scope())
    .bind(question.today)
    .bind(month_after(question.today, 0))
    .fetch_one(connection)
    .await
}

async fn months(connection: &mut PgConnection, question: &Question) -> Result<Vec<Month>, sqlx::Error> {
    sqlx::query_as(
        "SELECT date_trunc('month', due_on::timestamp)::date AS month, sum(charged)::bigint AS charged,
                sum(collected)::bigint AS collected, sum(rent_collected)::bigint AS rent_collected,
                coalesce(sum(open) FILTER (WHERE due_on < $5), 0)::bigint AS delinquent
           FROM dashboard_v2.dues
          WHERE tenant_id = $1 AND scope = $2 AND due_on >= $3 AND due_on < $4
          GROUP BY 1 ORDER BY 1",
    )
    .bind(question.organization)
    .bind(question.scope())
    .bind(month_after(question.from, 0))
    .bind(month_after(question.from, question.months))
    .bind(question.today)
    .fetch_all(connection)
    .await
}
