//! Who is late, and with how much.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Late, Question};

/// So many are shown.
const SHOWN: usize = 20;
/// So many of those that have something open which is not yet due are read at first, and so many times as many each time that some of
/// those shown may not be among them.
pub(super) const AT_FIRST: usize = 40;
const TIMES_MORE: usize = 8;
/// So many of those that have most open are looked through for those behind.
const FIRST: usize = 200;

/// What is past due in all.
#[derive(sqlx::FromRow)]
pub(super) struct Arrears {
    /// Of how many leases.
    pub late_leases: i64,
    pub past_due: i64,
}

/// A row of [`Arrears`].
pub(super) const SUMS: &str = "\
    SELECT coalesce(sum(leases), 0)::bigint AS late_leases, coalesce(sum(open), 0)::bigint AS past_due
      FROM dashboard_v4.dues WHERE tenant_id = $1 AND scope = $2 AND due_on < $3 AND open <> 0";

/// Those that owe most, as far as was read.
#[derive(sqlx::FromRow)]
pub(super) struct Most {
    /// The one that owes most first.
    #[sqlx(json)]
    late: Vec<Late>,
    /// Of those that have something open which is not yet due: how many were read, and the last of them. The others have no more open of
    /// what was due before it, and as much only under a later id.
    read: i64,
    last_earlier: Option<i64>,
    last_lease: Option<Uuid>,
}

/// A row of [`Most`].
///
/// What is past due depends on the day, so no index is in its order. But of a lease whose latest debt is past due (it is `behind`) it is all
/// that is open, and of another (`ahead`) no more than what is open of what was due before the latest. At the end of a month nearly
/// every lease is ahead, by the next rent, and before nearly every one that has something open is behind: those behind are among the first by
/// what is open, or few. All of them are found without their rows, which are read of those shown.
pub(super) fn most(question: &Question, read: usize) -> String {
    let of_property = question.of_property();
    let (first, few) = if question.property.is_some() {
        (String::new(), "false")
    } else {
        (format!("ORDER BY open DESC, lease_id LIMIT {FIRST}"), "true")
    };
    format!(
        "WITH ahead AS MATERIALIZED (
           SELECT lease_id, earlier, open - (
                    SELECT coalesce(sum(open), 0)::bigint FROM dashboard_v4.charges
                     WHERE tenant_id = $1 AND lease_id = owing.lease_id AND open > 0 AND due_on >= $3) AS amount
             FROM (SELECT lease_id, earlier, open FROM dashboard_v4.leases
                    WHERE tenant_id = $1 AND {of_property} AND earlier > 0 AND latest >= $3
                    ORDER BY earlier DESC, lease_id LIMIT {read}) AS owing),
         first AS MATERIALIZED (
           SELECT lease_id, open, latest FROM dashboard_v4.leases WHERE tenant_id = $1 AND {of_property} AND open > 0 {first}),
         behind AS MATERIALIZED (
           SELECT lease_id, open AS amount FROM first WHERE latest < $3 ORDER BY open DESC, lease_id LIMIT {SHOWN}),
         few AS (
           SELECT lease_id, open AS amount FROM dashboard_v4.leases
            WHERE {few} AND (SELECT count(*) FROM behind) < {SHOWN} AND (SELECT count(*) FROM first) = {FIRST}
              AND tenant_id = $1 AND open > 0 AND latest < $3
           OFFSET 0),
         most AS (
           SELECT lease_id, amount FROM ahead WHERE amount > 0
           UNION
           SELECT lease_id, amount FROM behind
           UNION
           SELECT lease_id, amount FROM few
            ORDER BY amount DESC, lease_id LIMIT {SHOWN})
         SELECT (SELECT coalesce(json_agg(late ORDER BY amount DESC, lease_id), '[]') FROM (
                   SELECT lease_id, property_id, unit_id, residents, oldest, amount FROM most CROSS JOIN LATERAL (
                     SELECT property_id, unit_id, residents, oldest FROM dashboard_v4.leases
                      WHERE tenant_id = $1 AND lease_id = most.lease_id OFFSET 0) AS lease) AS late) AS late,
                (SELECT count(*) FROM ahead) AS read, last.earlier AS last_earlier, last.lease_id AS last_lease
           FROM (SELECT) AS one LEFT JOIN (SELECT earlier, lease_id FROM ahead ORDER BY earlier, lease_id DESC LIMIT 1) AS last ON true"
    )
}

impl Most {
    /// Those that owe most of all, when so many were read.
    pub async fn of_all(
        mut self,
        connection: &mut PgConnection,
        question: &Question,
        mut read: usize,
    ) -> Result<Vec<Late>, sqlx::Error> {
        while usize::try_from(self.read) == Ok(read) && !self.leads() {
            read *= TIMES_MORE;
            self = question.ask(&most(question, read)).fetch_one(&mut *connection).await?;
        }
        Ok(self.late)
    }

    /// Whether those that are shown come before all that were not read.
    fn leads(&self) -> bool {
        let last_read = self.last_earlier.zip(self.last_lease);
        let last_shown = self.late.get(SHOWN - 1).map(|late| (late.amount, late.lease_id));
        let order = |(amount, lease): (i64, Uuid)| (-amount, lease);
        last_shown.is_some_and(|shown| last_read.is_some_and(|read| order(shown) <= order(read)))
    }
}
