//! What holds of the dashboard whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use domain::{
    maintenance_request::{Deadlines, MaintenanceRequestEvent, Priority},
    sla::day_begins,
    span::month_after,
};
use proptest::prelude::*;

use super::{
    super::durations::Durations,
    portfolio::history,
    repairs::{repairs, submitted},
    story::{ELM, step, told},
    *,
};

/// Of each table of sums, those that are not what the rows come to.
const SUMS: [(&str, &str); 5] = [
    (
        "leases",
        "SELECT lease_id::text FROM dashboard_v4.leases l
           LEFT JOIN (SELECT tenant_id, lease_id, sum(open)::bigint AS open, min(due_on) AS oldest, max(due_on) AS latest,
                             coalesce(sum(open) FILTER (WHERE due_on < last_due), 0)::bigint AS earlier
                        FROM (SELECT *, max(due_on) OVER (PARTITION BY tenant_id, lease_id) AS last_due
                                FROM dashboard_v4.charges WHERE open > 0) AS debts
                       GROUP BY 1, 2) AS c USING (tenant_id, lease_id)
          WHERE (l.open, l.oldest, l.latest, l.earlier)
                IS DISTINCT FROM (coalesce(c.open, 0), c.oldest, c.latest, coalesce(c.earlier, 0))",
    ),
    (
        "dues",
        "WITH scoped AS (
           SELECT c.*, scope, min(due_on) FILTER (WHERE open > 0) OVER (PARTITION BY tenant_id, scope, lease_id) AS oldest
             FROM dashboard_v4.charges c, unnest(ARRAY[property_id, tenant_id]) AS scope)
         SELECT due_on::text
           FROM (SELECT tenant_id, scope, due_on, sum(open)::bigint AS open,
                        count(DISTINCT lease_id) FILTER (WHERE oldest = due_on) AS leases FROM scoped GROUP BY 1, 2, 3) AS r
           FULL JOIN dashboard_v4.dues d USING (tenant_id, scope, due_on)
          WHERE (d.open, d.leases) IS DISTINCT FROM (r.open, r.leases)",
    ),
    (
        "open_items",
        "SELECT priority
           FROM (SELECT tenant_id, scope, work_order, priority, count(*) AS items
                   FROM dashboard_v4.items, unnest(ARRAY[property_id, tenant_id]) AS scope WHERE open GROUP BY 1, 2, 3, 4) AS r
           FULL JOIN dashboard_v4.open_items o USING (tenant_id, scope, work_order, priority)
          WHERE coalesce(r.items, 0) IS DISTINCT FROM o.items",
    ),
    (
        "repairs",
        "WITH scoped AS (SELECT * FROM dashboard_v4.jobs, unnest(ARRAY[property_id, tenant_id]) AS scope WHERE NOT dropped),
         parts AS (
           SELECT tenant_id, scope, respond_by AS at, 1 AS responses, coalesce(responded_at <= respond_by, false)::int AS responses_met,
                  0 AS resolutions, 0 AS resolutions_met, 0 AS jobs, 0 AS seconds FROM scoped
           UNION ALL
           SELECT tenant_id, scope, resolve_by, 0, 0, 1, coalesce(resolved_at <= resolve_by, false)::int, 0, 0 FROM scoped
           UNION ALL
           SELECT tenant_id, scope, resolved_at, 0, 0, 0, 0, 1, trunc(extract(epoch FROM resolved_at - opened_at)) FROM scoped
            WHERE resolved_at IS NOT NULL)
         SELECT day::text
           FROM (SELECT tenant_id, scope, (at AT TIME ZONE 'UTC')::date AS day, sum(responses) AS a, sum(responses_met) AS b,
                        sum(resolutions) AS c, sum(resolutions_met) AS d, sum(jobs) AS e, sum(seconds) AS f
                   FROM parts GROUP BY 1, 2, 3) AS r
           FULL JOIN dashboard_v4.repairs s USING (tenant_id, scope, day)
          WHERE (s.responses, s.responses_met, s.resolutions, s.resolutions_met, s.jobs, s.seconds) IS DISTINCT FROM
                (coalesce(a, 0), coalesce(b, 0), coalesce(c, 0), coalesce(d, 0), coalesce(e, 0), coalesce(f, 0))",
    ),
    (
        "repairs_by_month",
        "SELECT month::text
           FROM (SELECT tenant_id, scope, date_trunc('month', day::timestamp)::date AS month, sum(responses) AS a,
                        sum(responses_met) AS b, sum(resolutions) AS c, sum(resolutions_met) AS d, sum(jobs) AS e, sum(seconds) AS f
                   FROM dashboard_v4.repairs GROUP BY 1, 2, 3) AS r
           FULL JOIN dashboard_v4.repairs_by_month s USING (tenant_id, scope, month)
          WHERE (s.responses, s.responses_met, s.resolutions, s.resolutions_met, s.jobs, s.seconds)
                IS DISTINCT FROM (a, b, c, d, e, f)",
    ),
];

impl Desk {
    /// Applies facts in batches that end somewhere.
    async fn apply_in_parts(&mut self, facts: &[Arc<Fact>], ends: &[usize]) {
        let mut rest = facts;
        for end in ends.iter().cycle() {
            let (batch, later) = rest.split_at((*end).min(rest.len()));
            self.apply(batch).await.unwrap();
            rest = later;
            if rest.is_empty() {
                return;
            }
        }
    }

    async fn sums_are_those_of_the_rows(&mut self) {
        for (table, differences) in SUMS {
            let differences: Vec<String> = sqlx::query_scalar(differences)
                .fetch_all(&mut self.connection)
                .await
                .unwrap();
            assert_eq!(differences, [""; 0], "{table}");
        }
        let jobs: Vec<(Uuid, Uuid, NaiveDate, i64)> = sqlx::query_as(
            "SELECT tenant_id, scope, (resolved_at AT TIME ZONE 'UTC')::date,
                    trunc(extract(epoch FROM resolved_at - opened_at))::bigint
               FROM dashboard_v4.jobs, unnest(ARRAY[property_id, tenant_id]) AS scope
              WHERE NOT dropped AND resolved_at IS NOT NULL",
        )
        .fetch_all(&mut self.connection)
        .await
        .unwrap();
        let mut expected: BTreeMap<_, Durations> = BTreeMap::new();
        for (tenant, scope, day, seconds) in jobs {
            expected.entry((tenant, scope, day)).or_default().add(seconds, 1);
        }
        let mut by_month: BTreeMap<_, Durations> = BTreeMap::new();
        for ((tenant, scope, day), durations) in &expected {
            *by_month.entry((*tenant, *scope, month_after(*day, 0))).or_default() += durations.clone();
        }
        assert_eq!(self.durations("durations", "day").await, expected);
        assert_eq!(self.durations("durations_by_month", "month").await, by_month);
    }

    async fn durations(&mut self, table: &str, day: &str) -> BTreeMap<(Uuid, Uuid, NaiveDate), Durations> {
        let rows = format!("SELECT tenant_id, scope, {day}, counts FROM dashboard_v4.{table}");
        let rows: Vec<(Uuid, Uuid, NaiveDate, Vec<u8>)> =
            sqlx::query_as(&rows).fetch_all(&mut self.connection).await.unwrap();
        let counts = rows.iter().map(|(tenant, scope, day, counts)| {
            ((*tenant, *scope, *day), Durations::sum_of([counts.as_slice()]).unwrap())
        });
        // Work that was reopened may leave an empty row.
        counts
            .filter(|(_, durations)| *durations != Durations::default())
            .collect()
    }
}

/// Of both organizations and their properties, from local midnights and other moments until some time in a history or after it.
fn questions(last: DateTime<Utc>) -> Vec<Question> {
    let zones = [
        Tz::UTC,
        Tz::America__New_York,
        Tz::Asia__Kathmandu,
        Tz::Pacific__Kiritimati,
    ];
    let mut questions = Vec::new();
    for (zone, back) in zones.into_iter().zip([0, 9, 40, 0]) {
        let now = last - TimeDelta::hours(back * 24 - 7);
        let today = now.with_timezone(&zone).date_naive();
        let from = month_after(today - TimeDelta::days(70), 0);
        for (organization, property) in [(MAPLE, None), (MAPLE, Some(COURT)), (ELM, None), (ELM, Some(OAK))] {
            for measured_from in [
                day_begins(from, zone),
                now - TimeDelta::hours(5),
                now - TimeDelta::minutes(40_000),
            ] {
                questions.push(Question {
                    organization,
                    property: property.map(|property| property.0),
                    today,
                    now,
                    from,
                    months: 3,
                    measured_from,
                });
            }
        }
    }
    questions
}

/// A question about all that happened until a moment.
fn about(measured_from: DateTime<Utc>, now: DateTime<Utc>) -> Question {
    Question {
        organization: MAPLE,
        property: None,
        today: now.date_naive(),
        now,
        from: measured_from.date_naive(),
        months: 3,
        measured_from,
    }
}

#[tokio::test]
async fn those_who_owe_most_are_found_behind_many_whose_rent_is_not_due_yet() {
    let mut events = Vec::new();
    for number in 0..300 {
        let past_due = i64::try_from(1 + number % 60).unwrap() * 1_000;
        let coming = i64::try_from(300 - number).unwrap() * 10_000;
        events.push(("2026-01-01", lease_created(number, COURT, 100_000)));
        for (charge, amount, due_on) in [(number, past_due, "2026-02-01"), (1_000 + number, coming, "2026-03-01")] {
            let posted = posted(charge, ChargeKind::Rent, amount, due_on);
            events.push(("2026-01-02", of_lease(number, posted)));
        }
    }
    let mut desk = Desk::with(&numbered(events)).await;
    for (today, most) in [
        ("2026-02-01", 0),
        ("2026-02-02", 60_000),
        ("2026-03-01", 60_000),
        ("2026-03-02", 3_001_000),
    ] {
        let now = noon(on(today));
        let answer = desk
            .answers_what_the_rows_say(&about(now - TimeDelta::days(60), now))
            .await;
        assert_eq!(answer.late.first().map_or(0, |late| late.amount), most, "{today}");
    }
}

#[tokio::test]
async fn a_period_begins_with_its_first_moment_and_ends_before_its_last() {
    let zone = Tz::America__New_York;
    let from = day_begins(on("2026-01-01"), zone);
    let now = day_begins(on("2026-03-15"), zone);
    let mut desk = Desk::new().await;
    let midnight = |day| on(day).and_hms_opt(0, 0, 0).unwrap().and_utc();
    let moments = [
        (from - TimeDelta::microseconds(1), false),
        (from, true),
        (midnight("2026-01-02") - TimeDelta::microseconds(1), true),
        (midnight("2026-01-02"), true),
        (midnight("2026-02-01") - TimeDelta::microseconds(1), true),
        (midnight("2026-02-01"), true),
        (midnight("2026-03-01"), true),
        (midnight("2026-03-15"), true),
        (now - TimeDelta::microseconds(1), true),
        (now, false),
        (midnight("2026-04-01"), false),
    ];
    let mut facts = Vec::new();
    for ((at, _), number) in moments.into_iter().zip(1_i64..) {
        let id = Uuid::from_u128(u128::try_from(9_000 + number).unwrap());
        let resolved = MaintenanceRequestEvent::Resolved {
            resolution: String::new(),
        };
        let deadlines = Deadlines {
            respond_by: at,
            resolve_by: at,
        };
        let reported = at - TimeDelta::hours(number);
        facts.push(Arc::new(fact_at(
            2 * number,
            id,
            reported,
            submitted(Priority::High, reported, deadlines),
        )));
        facts.push(Arc::new(fact_at(
            2 * number + 1,
            id,
            at,
            AnyEvent::MaintenanceRequest(resolved),
        )));
    }
    desk.apply_in_parts(&facts, &[3]).await;
    let answer = desk.answers_what_the_rows_say(&about(from, now)).await;
    let expected = i64::try_from(moments.iter().filter(|(_, within)| *within).count()).unwrap();
    for kept in [answer.responses, answer.resolutions] {
        assert_eq!((kept.due, kept.met), (expected, expected));
    }
    assert_eq!(answer.time_to_resolve.jobs, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]
    #[test]
    fn sums_and_answers_are_what_the_rows_say_wherever_batches_end(
        steps in prop::collection::vec(step(), 2_400..2_600),
        ends in prop::collection::vec(1_usize..90, 40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let facts = told(&steps);
            let mut desk = Desk::new().await;
            desk.apply_in_parts(&facts, &ends).await;
            desk.sums_are_those_of_the_rows().await;
            let mut seen = BTreeSet::new();
            for question in questions(facts.last().unwrap().metadata.occurred_at) {
                let answer = desk.answers_what_the_rows_say(&question).await;
                seen.insert((answer.late_leases > 100, answer.time_to_resolve.jobs > 100));
            }
            for (many, what) in [(true, "many"), (false, "few")] {
                assert!(seen.iter().any(|(late, _)| *late == many), "{what} are late");
                assert!(seen.iter().any(|(_, jobs)| *jobs == many), "{what} jobs ended");
            }
            assert_eq!(desk.dump().await, Desk::with(&facts).await.dump().await);
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn where_batches_end_makes_no_difference(ends in prop::collection::vec(1_usize..6, 30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut facts = history();
            facts.extend(repairs());
            let mut desk = Desk::new().await;
            desk.apply_in_parts(&facts, &ends).await;
            assert_eq!(desk.dump().await, Desk::with(&facts).await.dump().await);
        });
    }
}
