//! Adds what a batch of events changed to the sums.

use std::{collections::BTreeMap, ops::AddAssign};

use chrono::NaiveDate;
use domain::span::month_after;
use sqlx::PgConnection;
use streams::ApplyError;
use uuid::Uuid;

use super::super::{
    durations::Durations,
    state::{Due, Movement, OpenKey, Repairs, State, SumKey},
};

pub(super) async fn add(connection: &mut PgConnection, state: State) -> Result<(), ApplyError> {
    let months = by_month(&state.movements);
    add_movements(connection, ("movements", "day"), &state.movements).await?;
    add_movements(connection, ("movements_by_month", "month"), &months).await?;
    add_dues(connection, &state.dues).await?;
    add_open_items(connection, &state.open_items).await?;
    let months = by_month(&state.repairs);
    add_repairs(connection, ("repairs", "day"), &state.repairs).await?;
    add_repairs(connection, ("repairs_by_month", "month"), &months).await?;
    let months = by_month(&state.durations);
    add_durations(connection, ("durations", "day"), state.durations).await?;
    add_durations(connection, ("durations_by_month", "month"), months).await
}

fn by_month<T: Clone + Default + AddAssign>(days: &BTreeMap<SumKey, T>) -> BTreeMap<SumKey, T> {
    let mut months: BTreeMap<SumKey, T> = BTreeMap::new();
    for ((tenant, scope, day), sum) in days {
        *months.entry((*tenant, *scope, month_after(*day, 0))).or_default() += sum.clone();
    }
    months
}

/// Of each sum the organization, the scope and the day.
fn keys<'a>(sums: impl Iterator<Item = &'a SumKey>) -> (Vec<Uuid>, Vec<Uuid>, Vec<NaiveDate>) {
    sums.copied().collect()
}

async fn add_movements(
    connection: &mut PgConnection,
    (table, day): (&str, &str),
    sums: &BTreeMap<SumKey, Movement>,
) -> Result<(), ApplyError> {
    if sums.is_empty() {
        return Ok(());
    }
    let (tenants, scopes, days) = keys(sums.keys());
    let figure = |get: fn(&Movement) -> i64| sums.values().map(get).collect::<Vec<_>>();
    sqlx::query(&format!(
        "INSERT INTO dashboard_v4.{table} AS had
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                              $8::bigint[])
         ON CONFLICT (tenant_id, scope, {day}) DO UPDATE
            SET units = had.units + excluded.units, rentable = had.rentable + excluded.rentable,
                occupied = had.occupied + excluded.occupied, market_rent = had.market_rent + excluded.market_rent,
                contract_rent = had.contract_rent + excluded.contract_rent"
    ))
    .bind(tenants)
    .bind(scopes)
    .bind(days)
    .bind(figure(|sum| sum.units))
    .bind(figure(|sum| sum.rentable))
    .bind(figure(|sum| sum.occupied))
    .bind(figure(|sum| sum.market_rent))
    .bind(figure(|sum| sum.contract_rent))
    .execute(connection)
    .await?;
    Ok(())
}

async fn add_dues(connection: &mut PgConnection, sums: &BTreeMap<SumKey, Due>) -> Result<(), ApplyError> {
    if sums.is_empty() {
        return Ok(());
    }
    let (tenants, scopes, days) = keys(sums.keys());
    let figure = |get: fn(&Due) -> i64| sums.values().map(get).collect::<Vec<_>>();
    sqlx::query(
        "INSERT INTO dashboard_v4.dues AS had
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                              $8::bigint[])
         ON CONFLICT (tenant_id, scope, due_on) DO UPDATE
            SET charged = had.charged + excluded.charged, collected = had.collected + excluded.collected,
                rent_collected = had.rent_collected + excluded.rent_collected, open = had.open + excluded.open,
                leases = had.leases + excluded.leases",
    )
    .bind(tenants)
    .bind(scopes)
    .bind(days)
    .bind(figure(|sum| sum.charged))
    .bind(figure(|sum| sum.collected))
    .bind(figure(|sum| sum.rent_collected))
    .bind(figure(|sum| sum.open))
    .bind(figure(|sum| sum.leases))
    .execute(connection)
    .await?;
    Ok(())
}

async fn add_open_items(connection: &mut PgConnection, sums: &BTreeMap<OpenKey, i64>) -> Result<(), ApplyError> {
    if sums.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO dashboard_v4.open_items AS had
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bool[], $4::text[], $5::bigint[])
         ON CONFLICT (tenant_id, scope, work_order, priority) DO UPDATE SET items = had.items + excluded.items",
    )
    .bind(sums.keys().map(|(tenant, ..)| *tenant).collect::<Vec<_>>())
    .bind(sums.keys().map(|(_, scope, ..)| *scope).collect::<Vec<_>>())
    .bind(sums.keys().map(|(_, _, work_order, _)| *work_order).collect::<Vec<_>>())
    .bind(
        sums.keys()
            .map(|(.., priority)| priority.to_string())
            .collect::<Vec<_>>(),
    )
    .bind(sums.values().copied().collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn add_repairs(
    connection: &mut PgConnection,
    (table, day): (&str, &str),
    sums: &BTreeMap<SumKey, Repairs>,
) -> Result<(), ApplyError> {
    if sums.is_empty() {
        return Ok(());
    }
    let (tenants, scopes, days) = keys(sums.keys());
    let figure = |get: fn(&Repairs) -> i64| sums.values().map(get).collect::<Vec<_>>();
    sqlx::query(&format!(
        "INSERT INTO dashboard_v4.{table} AS had
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                              $8::bigint[], $9::bigint[])
         ON CONFLICT (tenant_id, scope, {day}) DO UPDATE
            SET responses = had.responses + excluded.responses,
                responses_met = had.responses_met + excluded.responses_met,
                resolutions = had.resolutions + excluded.resolutions,
                resolutions_met = had.resolutions_met + excluded.resolutions_met,
                jobs = had.jobs + excluded.jobs, seconds = had.seconds + excluded.seconds"
    ))
    .bind(tenants)
    .bind(scopes)
    .bind(days)
    .bind(figure(|sum| sum.responses))
    .bind(figure(|sum| sum.responses_met))
    .bind(figure(|sum| sum.resolutions))
    .bind(figure(|sum| sum.resolutions_met))
    .bind(figure(|sum| sum.jobs))
    .bind(figure(|sum| sum.seconds))
    .execute(connection)
    .await?;
    Ok(())
}

/// The counts of a day, or month, stand in one row: it is written with those that it had.
async fn add_durations(
    connection: &mut PgConnection,
    (table, day): (&str, &str),
    mut sums: BTreeMap<SumKey, Durations>,
) -> Result<(), ApplyError> {
    if sums.is_empty() {
        return Ok(());
    }
    let (tenants, scopes, days) = keys(sums.keys());
    let had: Vec<(Uuid, Uuid, NaiveDate, Vec<u8>)> = sqlx::query_as(&format!(
        "SELECT had.* FROM unnest($1::uuid[], $2::uuid[], $3::date[]) AS k (tenant_id, scope, {day})
          CROSS JOIN LATERAL (
            SELECT tenant_id, scope, {day}, counts FROM dashboard_v4.{table}
             WHERE tenant_id = k.tenant_id AND scope = k.scope AND {day} = k.{day} OFFSET 0) AS had"
    ))
    .bind(&tenants)
    .bind(&scopes)
    .bind(&days)
    .fetch_all(&mut *connection)
    .await?;
    for (tenant, scope, day, counts) in had {
        let had = Durations::sum_of([counts.as_slice()]).map_err(ApplyError::data)?;
        *sums.entry((tenant, scope, day)).or_default() += had;
    }
    let counts: Result<Vec<Vec<u8>>, _> = sums.values().map(Durations::packed).collect();
    sqlx::query(&format!(
        "INSERT INTO dashboard_v4.{table} (tenant_id, scope, {day}, counts)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::bytea[])
         ON CONFLICT (tenant_id, scope, {day}) DO UPDATE SET counts = excluded.counts"
    ))
    .bind(tenants)
    .bind(scopes)
    .bind(days)
    .bind(counts.map_err(ApplyError::data)?)
    .execute(connection)
    .await?;
    Ok(())
}
