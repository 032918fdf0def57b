//! Who is late, and with how much.

use sqlx::PgConnection;

use super::{Late, Question};

/// So many are shown.
const SHOWN: usize = 20;
/// So many late leases are read all; of more, only those that may be shown.
const FEW: i64 = 100;
/// How many are read at first to find those, and by how much more each time that they may not all be among them.
const AT_FIRST: i64 = 40;
const TIMES_MORE: i64 = 4;

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
      FROM dashboard_v3.dues WHERE tenant_id = $1 AND scope = $2 AND due_on < $3 AND open <> 0";

/// A late lease with all that it has open, due or not.
#[derive(sqlx::FromRow)]
struct Owing {
    #[sqlx(flatten)]
    late: Late,
    open: i64,
}

/// Those that owe most, the one that owes most first.
///
/// What is past due depends on the day, so no index is in its order; but it is never more than what is open.
pub(super) async fn late(
    connection: &mut PgConnection,
    question: &Question,
    late_leases: i64,
) -> Result<Vec<Late>, sqlx::Error> {
    let mut limit = (late_leases > FEW).then_some(AT_FIRST);
    loop {
        let mut owing = owing(connection, question, limit).await?;
        match limit {
            Some(read) if i64::try_from(owing.len()) == Ok(read) && !leads(&owing) => limit = Some(read * TIMES_MORE),
            _ => {
                owing.truncate(SHOWN);
                return Ok(owing.into_iter().map(|owing| owing.late).collect());
            }
        }
    }
}

/// Whether those that are shown come before all that were not read: these have no more open than the last one read, and as much
/// only under a later id.
fn leads(owing: &[Owing]) -> bool {
    let last_read = owing.iter().map(|owing| (-owing.open, owing.late.lease_id)).max();
    let last_shown = owing
        .get(SHOWN - 1)
        .map(|owing| (-owing.late.amount, owing.late.lease_id));
    last_shown.is_some_and(|shown| last_read.is_some_and(|read| shown <= read))
}

/// The late leases in the order of what is past due: all, or those of them with most open.
async fn owing(
    connection: &mut PgConnection,
    question: &Question,
    limit: Option<i64>,
) -> Result<Vec<Owing>, sqlx::Error> {
    let of_property = question.of_property();
    // The numbers in the words of the statement, and in each case an index's order, so that the server knows beforehand how few rows
    // it needs.
    let which = limit.map_or_else(
        || format!("ORDER BY oldest LIMIT {FEW}"),
        |limit| format!("ORDER BY open DESC, lease_id LIMIT {limit}"),
    );
    let statement = format!(
        "SELECT owing.lease_id, property_id, unit_id, residents, owing.open - not_yet.open AS amount, oldest, owing.open
           FROM (SELECT tenant_id, lease_id, property_id, unit_id, residents, open, oldest FROM dashboard_v3.leases
                  WHERE tenant_id = $1 AND {of_property} AND open > 0 AND oldest < $3 {which}) AS owing
          CROSS JOIN LATERAL (
                SELECT coalesce(sum(open), 0)::bigint AS open FROM dashboard_v3.charges
                 WHERE tenant_id = owing.tenant_id AND lease_id = owing.lease_id AND open > 0 AND due_on >= $3) AS not_yet
          ORDER BY amount DESC, lease_id"
    );
    question.ask(&statement).fetch_all(connection).await
}
