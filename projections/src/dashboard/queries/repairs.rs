//! What is open of the repairs, how deadlines were kept and how long work took: the sums of the whole days of the period, and what jobs
//! alone say of the hours before and after them.

use serde::Deserialize;

use super::{
    super::durations::{Durations, interpolated},
    Deadlines, Open, Question, TimeToResolve,
};

/// Of so many jobs the percentiles are found among all of them; of more, among counts by duration.
const FEW: i64 = 100;

/// What is open of a kind and a priority.
#[derive(Deserialize)]
pub(super) struct OpenItems {
    work_order: bool,
    priority: String,
    items: i64,
}

/// Rows of [`OpenItems`].
pub(super) const OPEN_ITEMS: &str = "SELECT work_order, priority, items FROM dashboard_v4.open_items WHERE tenant_id = $1 AND scope = $2 AND items <> 0";

/// What is open of requests, and of work orders.
pub(super) fn by_kind(items: Vec<OpenItems>) -> (Open, Open) {
    let (mut requests, mut work_orders) = (Open::new(), Open::new());
    for item in items {
        let of_kind = if item.work_order {
            &mut work_orders
        } else {
            &mut requests
        };
        of_kind.insert(item.priority, item.items);
    }
    (requests, work_orders)
}

/// How repairs were answered and finished: in the whole days of the period, and in the hours before and after them.
#[derive(sqlx::FromRow)]
pub(super) struct Sums {
    responses: i64,
    responses_met: i64,
    resolutions: i64,
    resolutions_met: i64,
    jobs: i64,
    seconds: i64,
    responses_beside: i64,
    responses_met_beside: i64,
    resolutions_beside: i64,
    resolutions_met_beside: i64,
    /// How many seconds each of the jobs took that ended in those hours.
    ended_beside: Vec<i64>,
    /// How many of the others took how long, by day or month.
    durations: Vec<Vec<u8>>,
    /// How many seconds each job of the period took, of one more than are few if there are so many.
    took: Vec<i64>,
}

/// A row of [`Sums`].
pub(super) fn sums(question: &Question) -> String {
    const FIGURES: [&str; 6] = [
        "responses",
        "responses_met",
        "resolutions",
        "resolutions_met",
        "jobs",
        "seconds",
    ];
    let sums = FIGURES.map(|figure| format!("coalesce(sum({figure}), 0)::bigint AS {figure}"));
    let edges = |at, columns| of_edges(question, at, columns);
    format!(
        "SELECT * FROM (SELECT {sums} FROM ({days}) AS days) AS sums
          CROSS JOIN (SELECT count(*) AS responses_beside, count(*) FILTER (WHERE responded_at <= respond_by) AS responses_met_beside
                        FROM ({responses}) AS jobs) AS responses
          CROSS JOIN (SELECT count(*) AS resolutions_beside, count(*) FILTER (WHERE resolved_at <= resolve_by) AS resolutions_met_beside
                        FROM ({resolutions}) AS jobs) AS resolutions
          CROSS JOIN (SELECT coalesce(array_agg({SECONDS}::bigint), '{{}}') AS ended_beside FROM ({ended}) AS jobs) AS ended
          CROSS JOIN (SELECT coalesce(array_agg(counts), '{{}}') AS durations FROM ({durations}) AS days) AS durations
          CROSS JOIN (SELECT coalesce(array_agg({SECONDS}::bigint), '{{}}') AS took
                        FROM (SELECT resolved_at, opened_at FROM dashboard_v4.jobs
                               WHERE tenant_id = $1 AND {of_property} AND NOT dropped AND resolved_at >= $7 AND resolved_at < $8
                               ORDER BY resolved_at LIMIT {FEW} + 1) AS jobs) AS took",
        sums = sums.join(", "),
        days = of_days("repairs", &FIGURES.join(", ")),
        responses = edges("respond_by", "respond_by, responded_at"),
        resolutions = edges("resolve_by", "resolve_by, resolved_at"),
        ended = edges("resolved_at", "resolved_at, opened_at"),
        durations = of_days("durations", "counts"),
        of_property = question.of_property(),
    )
}

impl Sums {
    pub const fn responses(&self) -> Deadlines {
        Deadlines {
            due: self.responses + self.responses_beside,
            met: self.responses_met + self.responses_met_beside,
        }
    }

    pub const fn resolutions(&self) -> Deadlines {
        Deadlines {
            due: self.resolutions + self.resolutions_beside,
            met: self.resolutions_met + self.resolutions_met_beside,
        }
    }

    pub fn time_to_resolve(&self) -> Result<TimeToResolve, sqlx::Error> {
        let jobs = self.jobs + number_of(&self.ended_beside);
        let (median, p90) = if number_of(&self.took) > FEW {
            let rows = self.durations.iter().map(Vec::as_slice);
            let mut durations = Durations::sum_of(rows).map_err(sqlx::Error::Decode)?;
            for seconds in &self.ended_beside {
                durations.add(*seconds, 1);
            }
            (durations.percentile(0.5), durations.percentile(0.9))
        } else {
            let mut took = self.took.clone();
            took.sort_unstable();
            (percentile(&took, 0.5), percentile(&took, 0.9))
        };
        Ok(TimeToResolve {
            jobs,
            mean: super::ratio(self.seconds + self.ended_beside.iter().sum::<i64>(), jobs),
            median,
            p90,
        })
    }
}

/// The duration that this share of the jobs doesn't exceed, as `percentile_cont` finds it; `None` without any.
#[expect(clippy::cast_precision_loss, reason = "durations of days, in seconds")]
fn percentile(in_order: &[i64], share: f64) -> Option<f64> {
    let ranked = |rank| in_order.get(usize::try_from(rank).ok()?).map(|seconds| *seconds as f64);
    interpolated(number_of(in_order), share, ranked)
}

fn number_of(jobs: &[i64]) -> i64 {
    i64::try_from(jobs.len()).unwrap_or(i64::MAX)
}

/// The rows of a table of sums that make up the whole days of a period.
fn of_days(table: &str, columns: &str) -> String {
    format!(
        "SELECT {columns} FROM dashboard_v4.{table}_by_month
          WHERE tenant_id = $1 AND scope = $2 AND month >= $9 AND month < $10
         UNION ALL
         SELECT {columns} FROM dashboard_v4.{table} WHERE tenant_id = $1 AND scope = $2 AND day >= $11 AND day < $12
         UNION ALL
         SELECT {columns} FROM dashboard_v4.{table} WHERE tenant_id = $1 AND scope = $2 AND day >= $13 AND day < $14"
    )
}

/// How long a job took, in whole seconds, as the sums have it.
const SECONDS: &str = "trunc(extract(epoch FROM resolved_at - opened_at))";

/// The jobs of which something falls into the hours before and after the whole days of a period.
fn of_edges(question: &Question, at: &str, columns: &str) -> String {
    let of_property = question.of_property();
    format!(
        "SELECT {columns} FROM dashboard_v4.jobs
          WHERE tenant_id = $1 AND {of_property} AND NOT dropped AND {at} >= $15 AND {at} < $16
         UNION ALL
         SELECT {columns} FROM dashboard_v4.jobs
          WHERE tenant_id = $1 AND {of_property} AND NOT dropped AND {at} >= $17 AND {at} < $18"
    )
}
