//! The figures of the dashboard, as `accounting.md`'s KPIs define them: each from sums, not from the portfolio's rows.

mod arrears;
mod period;
mod repairs;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::span::month_after;
use serde::Deserialize;
use sqlx::{
    Executor, FromRow, PgConnection, Postgres,
    postgres::{PgArguments, PgRow},
    query::QueryAs,
};
use uuid::Uuid;

use period::Period;

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Late {
    /// The lease.
    pub lease_id: Uuid,
    /// Its property.
    pub property_id: Uuid,
    /// Its unit.
    pub unit_id: Uuid,
    /// Its residents.
    pub residents: Vec<Uuid>,
    /// What is past due, in minor units.
    pub amount: i64,
    /// Since when.
    pub oldest: NaiveDate,
}

/// Deadlines that fell into the period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, FromRow)]
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
#[derive(Debug, Clone, Copy, Default, PartialEq, FromRow)]
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
    let figures = figures(connection, question).await?;
    let (requests, work_orders) = repairs::by_kind(figures.open_items);
    Ok(Answer {
        portfolio: figures.portfolio,
        months: figures.months,
        late_leases: figures.arrears.late_leases,
        past_due: figures.arrears.past_due,
        late: figures.most.of_all(connection, question, arrears::AT_FIRST).await?,
        open_requests: requests,
        open_work_orders: work_orders,
        responses: figures.repairs.responses(),
        resolutions: figures.repairs.resolutions(),
        time_to_resolve: figures.repairs.time_to_resolve()?,
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

    /// A statement about it. All have the same parameters, whichever they name: `$1` the organization, `$2` the scope, `$3` today and
    /// `$4` its month; `$5` to `$6` the series; `$7` to `$8` the period of the repairs, of it `$9` to `$10` the whole months, `$11` to
    /// `$12` and `$13` to `$14` the days before and after, `$15` to `$16` and `$17` to `$18` the hours before and after those.
    fn ask<'q, Row>(&self, statement: &'q str) -> QueryAs<'q, Postgres, Row, PgArguments>
    where
        Row: for<'r> FromRow<'r, PgRow>,
    {
        let Period { months, days, edges } = Period::new(self.measured_from, self.now);
        let query = sqlx::query_as(statement)
            .bind(self.organization)
            .bind(self.scope())
            .bind(self.today)
            .bind(month_after(self.today, 0))
            .bind(month_after(self.from, 0))
            .bind(month_after(self.from, self.months))
            .bind(self.measured_from)
            .bind(self.now)
            .bind(months.start)
            .bind(months.end);
        let query = days
            .into_iter()
            .fold(query, |query, days| query.bind(days.start).bind(days.end));
        let edges = edges.into_iter();
        edges.fold(query, |query, edge| query.bind(edge.start).bind(edge.end))
    }
}

/// All of it, asked for at once: to ask took longer than to answer.
#[derive(FromRow)]
struct Figures {
    #[sqlx(flatten)]
    portfolio: Portfolio,
    #[sqlx(flatten)]
    arrears: arrears::Arrears,
    #[sqlx(flatten)]
    most: arrears::Most,
    #[sqlx(json)]
    months: Vec<Month>,
    #[sqlx(json)]
    open_items: Vec<repairs::OpenItems>,
    #[sqlx(flatten)]
    repairs: repairs::Sums,
}

async fn figures(connection: &mut PgConnection, question: &Question) -> Result<Figures, sqlx::Error> {
    let statement = format!(
        "SELECT portfolio.*, arrears.*, most.*, repairs.*,
                (SELECT coalesce(json_agg(of_month), '[]') FROM ({MONTHS}) AS of_month) AS months,
                (SELECT coalesce(json_agg(item), '[]') FROM ({}) AS item) AS open_items
           FROM ({PORTFOLIO}) AS portfolio, ({}) AS arrears, ({}) AS most, ({}) AS repairs",
        repairs::OPEN_ITEMS,
        arrears::SUMS,
        arrears::most(question, arrears::AT_FIRST),
        repairs::sums(question),
    );
    // Left to itself the server plans this anew each time, which takes it many times as long as to carry it out; and a plan made of
    // small tables must not read them whole when they have grown.
    connection
        .execute("SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        .await?;
    question.ask(&statement).fetch_one(&mut *connection).await
}

const PORTFOLIO: &str = "\
    SELECT coalesce(sum(units), 0)::bigint AS units, coalesce(sum(rentable), 0)::bigint AS rentable,
           coalesce(sum(occupied), 0)::bigint AS occupied, coalesce(sum(market_rent), 0)::bigint AS market_rent,
           coalesce(sum(contract_rent), 0)::bigint AS contract_rent
      FROM (SELECT units, rentable, occupied, market_rent, contract_rent FROM dashboard_v4.movements_by_month
             WHERE tenant_id = $1 AND scope = $2 AND month < $4
            UNION ALL
            SELECT units, rentable, occupied, market_rent, contract_rent FROM dashboard_v4.movements
             WHERE tenant_id = $1 AND scope = $2 AND day BETWEEN $4 AND $3) AS moved";

const MONTHS: &str = "\
    SELECT date_trunc('month', due_on::timestamp)::date AS month, sum(charged)::bigint AS charged,
           sum(collected)::bigint AS collected, sum(rent_collected)::bigint AS rent_collected,
           coalesce(sum(open) FILTER (WHERE due_on < $3), 0)::bigint AS delinquent
      FROM dashboard_v4.dues
     WHERE tenant_id = $1 AND scope = $2 AND due_on >= $5 AND due_on < $6
     GROUP BY 1 ORDER BY 1";
