//! What the dashboard answers, reckoned from rows one by one.

use sqlx::types::Json;

use super::{
    super::queries::{Deadlines, Late, TimeToResolve},
    *,
};

impl Desk {
    /// What the rows answer, one by one.
    async fn reckoned(&mut self, question: &Question) -> Answer {
        let (late_leases, past_due) = self
            .asked(
                question,
                "SELECT count(DISTINCT lease_id), coalesce(sum(open), 0)::bigint FROM dashboard_v4.charges
                  WHERE tenant_id = $1 AND property_id = coalesce($2, property_id) AND open > 0 AND due_on < $3
                    AND $4::timestamptz < $5::timestamptz",
            )
            .await
            .remove(0);
        let late: Vec<(Json<Late>,)> = self
            .asked(
                question,
                "SELECT to_json(late) FROM (
                   SELECT lease_id, l.property_id, unit_id, residents, sum(c.open)::bigint AS amount, min(due_on) AS oldest
                     FROM dashboard_v4.charges c JOIN dashboard_v4.leases l USING (tenant_id, lease_id)
                    WHERE tenant_id = $1 AND l.property_id = coalesce($2, l.property_id) AND c.open > 0 AND due_on < $3
                      AND $4::timestamptz < $5::timestamptz
                    GROUP BY lease_id, l.property_id, unit_id, residents) AS late
                  ORDER BY amount DESC, lease_id LIMIT 20",
            )
            .await;
        let open: Vec<(bool, String, i64)> = self
            .asked(
                question,
                "SELECT work_order, priority, count(*) FROM dashboard_v4.items
                  WHERE tenant_id = $1 AND property_id = coalesce($2, property_id) AND open
                    AND $3::date IS NOT NULL AND $4::timestamptz < $5::timestamptz GROUP BY 1, 2",
            )
            .await;
        let of = |orders| {
            let of = open.iter().filter(move |(work_order, ..)| *work_order == orders);
            of.map(|(_, priority, count)| (priority.clone(), *count)).collect()
        };
        let mut deadlines = Vec::new();
        for (due, kept) in [("respond_by", "responded_at"), ("resolve_by", "resolved_at")] {
            let counts = format!(
                "SELECT count(*) AS due, count(*) FILTER (WHERE {kept} <= {due}) AS met FROM dashboard_v4.jobs
                  WHERE tenant_id = $1 AND property_id = coalesce($2, property_id) AND NOT dropped
                    AND $3::date IS NOT NULL AND {due} >= $4 AND {due} < $5"
            );
            deadlines.push(self.asked::<Deadlines>(question, &counts).await.remove(0));
        }
        let time_to_resolve = self
            .asked::<TimeToResolve>(
                question,
                "SELECT count(*) AS jobs, avg(seconds)::float8 AS mean,
                        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
                        percentile_cont(0.9) WITHIN GROUP (ORDER BY seconds) AS p90
                   FROM (SELECT trunc(extract(epoch FROM resolved_at - opened_at))::float8 AS seconds FROM dashboard_v4.jobs
                          WHERE tenant_id = $1 AND property_id = coalesce($2, property_id) AND NOT dropped
                            AND $3::date IS NOT NULL AND resolved_at >= $4 AND resolved_at < $5) AS took",
            )
            .await
            .remove(0);
        let answer = self.answer(question).await;
        Answer {
            late_leases,
            past_due,
            late: late.into_iter().map(|(Json(late),)| late).collect(),
            open_requests: of(false),
            open_work_orders: of(true),
            responses: deadlines[0],
            resolutions: deadlines[1],
            time_to_resolve,
            ..answer
        }
    }

    async fn asked<Row>(&mut self, question: &Question, statement: &str) -> Vec<Row>
    where
        Row: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
    {
        sqlx::query_as(statement)
            .bind(question.organization)
            .bind(question.property)
            .bind(question.today)
            .bind(question.measured_from)
            .bind(question.now)
            .fetch_all(&mut self.connection)
            .await
            .unwrap()
    }

    /// The answer is what the rows say, but for percentiles of many jobs, which are within a percent of it.
    pub(super) async fn answers_what_the_rows_say(&mut self, question: &Question) -> Answer {
        let reckoned = self.reckoned(question).await;
        let answer = self.answer(question).await;
        let (found, exact) = (answer.time_to_resolve, reckoned.time_to_resolve);
        let within = |found: Option<f64>, exact: Option<f64>, part: f64| match (found, exact) {
            (Some(found), Some(exact)) => (found - exact).abs() <= exact * part,
            (found, exact) => found == exact,
        };
        let part = if exact.jobs > 100 { 0.01 } else { 0.0 };
        assert!(within(found.mean, exact.mean, 1e-9), "{found:?}, not {exact:?}");
        assert!(within(found.median, exact.median, part), "{found:?}, not {exact:?}");
        assert!(within(found.p90, exact.p90, part), "{found:?}, not {exact:?}");
        let but_for_times = |answer: Answer| Answer {
            time_to_resolve: TimeToResolve {
                jobs: answer.time_to_resolve.jobs,
                ..TimeToResolve::default()
            },
            ..answer
        };
        assert_eq!(but_for_times(answer.clone()), but_for_times(reckoned), "{question:?}");
        answer
    }
}
