//! What is open of the repairs, how deadlines were kept and how long work took.

use sqlx::{PgConnection, Postgres, postgres::PgArguments, query::QueryAs};

use super::{super::durations::Durations, Deadlines, Open, Question, TimeToResolve, period::Period};

/// Of so many jobs the percentiles are found among all of them; of more, among counts by duration.
const FEW: i64 = 100;

/// How repairs were answered and finished in the period.
pub(super) struct Repairs {
    pub responses: Deadlines,
    pub resolutions: Deadlines,
    pub time_to_resolve: TimeToResolve,
}

pub(super) async fn open(
    connection: &mut PgConnection,
    question: &Question,
    work_orders: bool,
) -> Result<Open, sqlx::Error> {
    let counts: Vec<(String, i64)> = sqlx::query_as(
        "SELECT priority, items FROM dashboard_v2.open_items
          WHERE tenant_id = $1 AND scope = $2 AND work_order = $3 AND items <> 0",
    )
    .bind(question.organization)
    .bind(question.scope())
    .bind(work_orders)
    .fetch_all(connection)
    .await?;
    Ok(counts.into_iter().collect())
}

/// The sums of the whole days, and what jobs alone say of the hours before and after them.
pub(super) async fn repairs(connection: &mut PgConnection, question: &Question) -> Result<Repairs, sqlx::Error> {
    let period = Period::new(question.measured_from, question.now);
    let sums = sums(connection, question, &period).await?;
    let responses = kept(connection, question, &period, ("respond_by", "responded_at")).await?;
    let resolutions = kept(connection, question, &period, ("resolve_by", "resolved_at")).await?;
    let ended = ended(connection, question, &period).await?;
    let jobs = sums.jobs + i64::try_from(ended.len()).unwrap_or(i64::MAX);
    let (median, p90) = if jobs > FEW {
        let mut durations = durations(connection, question, &period).await?;
        for seconds in &ended {
            durations.add(*seconds, 1);
        }
        (durations.percentile(0.5), durations.percentile(0.9))
    } else {
        percentiles(connection, question).await?
    };
    Ok(Repairs {
        responses: Deadlines {
            due: sums.responses + responses.due,
            met: sums.responses_met + responses.met,
        },
        resolutions: Deadlines {
            due: sums.resolutions + resolutions.due,
            met: sums.resolutions_met + resolutions.met,
        },
        time_to_resolve: TimeToResolve {
            jobs,
            mean: super::ratio(sums.seconds + ended.iter().sum::<i64>(), jobs),
            median,
            p90,
        },
    })
}

#[derive(sqlx::FromRow)]
struct Sums {
    responses: i64,
    responses_met: i64,
    resolutions: i64,
    resolutions_met: i64,
    jobs: i64,
    seconds: i64,
}

async fn sums(connection: &mut PgConnection, question: &Question, period: &Period) -> Result<Sums, sqlx::Error> {
    const FIGURES: [&str; 6] = [
        "responses",
        "responses_met",
        "resolutions",
        "resolutions_met",
        "jobs",
        "seconds",
    ];
    let sums = FIGURES.map(|figure| format!("coalesce(sum({figure}), 0)::bigint AS {figure}"));
    let statement = format!(
        "SELECT {} FROM ({}) AS days",
        sums.join(", "),
        of_days("repairs", &FIGURES.join(", "))
    );
    for_days(sqlx::query_as(&statement), question, period)
        .fetch_one(connection)
        .await
}

/// How many of the jobs that ended in the whole days took how long.
async fn durations(
    connection: &mut PgConnection,
    question: &Question,
    period: &Period,
) -> Result<Durations, sqlx::Error> {
    let statement = format!(
        "SELECT bucket, sum(count.jobs)::bigint
           FROM ({}) AS days, unnest(days.buckets, days.jobs) AS count (bucket, jobs) GROUP BY bucket",
        of_days("durations", "buckets, jobs")
    );
    let counts: Vec<(i16, i64)> = for_days(sqlx::query_as(&statement), question, period)
        .fetch_all(connection)
        .await?;
    Ok(Durations(counts.into_iter().collect()))
}

/// The rows of a table of sums that make up the whole days of a period.
fn of_days(table: &str, columns: &str) -> String {
    format!(
        "SELECT {columns} FROM dashboard_v2.{table}_by_month
          WHERE tenant_id = $1 AND scope = $2 AND month >= $3 AND month < $4
         UNION ALL
         SELECT {columns} FROM dashboard_v2.{table} WHERE tenant_id = $1 AND scope = $2 AND day >= $5 AND day < $6
         UNION ALL
         SELECT {columns} FROM dashboard_v2.{table} WHERE tenant_id = $1 AND scope = $2 AND day >= $7 AND day < $8"
    )
}

type QueryOf<'q, Row> = QueryAs<'q, Postgres, Row, PgArguments>;

fn for_days<'q, Row>(query: QueryOf<'q, Row>, question: &Question, period: &Period) -> QueryOf<'q, Row> {
    let [before, after] = &period.days;
    query
        .bind(question.organization)
        .bind(question.scope())
        .bind(period.months.start)
        .bind(period.months.end)
        .bind(before.start)
        .bind(before.end)
        .bind(after.start)
        .bind(after.end)
}

/// The deadlines that fell into the hours before and after the whole days.
async fn kept(
    connection: &mut PgConnection,
    question: &Question,
    period: &Period,
    (due, kept): (&str, &str),
) -> Result<Deadlines, sqlx::Error> {
    let statement = format!(
        "SELECT count(*) AS due, count(*) FILTER (WHERE {kept} <= {due}) AS met FROM ({}) AS jobs",
        of_edges(question, due, &format!("{due}, {kept}"))
    );
    for_edges(sqlx::query_as(&statement), question, period)
        .fetch_one(connection)
        .await
}

/// How many seconds the jobs took that ended in the hours before and after the whole days.
async fn ended(connection: &mut PgConnection, question: &Question, period: &Period) -> Result<Vec<i64>, sqlx::Error> {
    let statement = of_edges(question, "resolved_at", &format!("{SECONDS}::bigint"));
    let jobs: Vec<(i64,)> = for_edges(sqlx::query_as(&statement), question, period)
        .fetch_all(connection)
        .await?;
    Ok(jobs.into_iter().map(|(seconds,)| seconds).collect())
}

/// How long a job took, in whole seconds, as the sums have it.
const SECONDS: &str = "trunc(extract(epoch FROM resolved_at - opened_at))";

/// The jobs of which something falls into the hours before and after the whole days of a period.
fn of_edges(question: &Question, at: &str, columns: &str) -> String {
    let of_property = question.of_property();
    format!(
        "SELECT {columns} FROM dashboard_v2.jobs
          WHERE tenant_id = $1 AND {of_property} AND NOT dropped AND {at} >= $3 AND {at} < $4
         UNION ALL
         SELECT {columns} FROM dashboard_v2.jobs
          WHERE tenant_id = $1 AND {of_property} AND NOT dropped AND {at} >= $5 AND {at} < $6"
    )
}

fn for_edges<'q, Row>(query: QueryOf<'q, Row>, question: &Question, period: &Period) -> QueryOf<'q, Row> {
    let [before, after] = &period.edges;
    query
        .bind(question.organization)
        .bind(question.scope())
        .bind(before.start)
        .bind(before.end)
        .bind(after.start)
        .bind(after.end)
}

/// The median and the ninth decile of the jobs that ended in the period.
async fn percentiles(
    connection: &mut PgConnection,
    question: &Question,
) -> Result<(Option<f64>, Option<f64>), sqlx::Error> {
    let of_property = question.of_property();
    sqlx::query_as(&format!(
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds)
           FROM (SELECT {SECONDS}::float8 AS seconds FROM dashboard_v2.jobs
                  WHERE tenant_id = $1 AND {of_property} AND NOT dropped
                    AND resolved_at >= $3 AND resolved_at < $4) AS took"
    ))
    .bind(question.organization)
    .bind(question.scope())
    .bind(question.measured_from)
    .bind(question.now)
    .fetch_one(connection)
    .await
}
