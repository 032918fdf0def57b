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
/// What is past due depends on the day, so no index is in its order. But of a lease whose latest debt is past due it is all that is open,
/// which has an index. Of another, at the end of a month nearly every one, it is no more than what is open of what was due before the
/// latest debt, which has another.
pub(super) fn most(question: &Question, read: usize) -> String {
    let of_property = question.of_property();
    format!(
        "WITH ahead AS MATERIALIZED (
           SELECT lease_id, property_id, unit_id, residents, oldest, earlier, open - (
                    SELECT coalesce(sum(open), 0)::bigint FROM dashboard_v4.charges c
                     WHERE c.tenant_id = leases.tenant_id AND c.lease_id = leases.lease_id AND open > 0 AND due_on >= $3) AS amount
             FROM dashboard_v4.leases WHERE tenant_id = $1 AND {of_property} AND earlier > 0 AND latest >= $3
            ORDER BY earlier DESC, lease_id LIMIT {read}),
         behind AS MATERIALIZED (
           SELECT lease_id, property_id, unit_id, residents, oldest, open AS amount
             FROM dashboard_v4.leases WHERE tenant_id = $1 AND {of_property} AND open > 0 AND latest < $3
              -- Less is not shown.
              AND open >= coalesce((SELECT amount FROM ahead ORDER BY amount DESC OFFSET {SHOWN} - 1 LIMIT 1), 0)
            ORDER BY open DESC, lease_id LIMIT {SHOWN}),
         most AS (
           SELECT lease_id, property_id, unit_id, residents, oldest, amount FROM ahead WHERE amount > 0
           UNION ALL
           SELECT * FROM behind
            ORDER BY amount DESC, lease_id LIMIT {SHOWN})
         SELECT (SELECT coalesce(json_agg(most ORDER BY amount DESC, lease_id), '[]') FROM most) AS late,
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
