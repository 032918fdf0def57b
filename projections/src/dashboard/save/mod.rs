//! Writes the rows that a batch of events changed, and adds to the sums: a statement per table, not per event.

mod sums;

use serde_json::Value;
use sqlx::PgConnection;
use streams::ApplyError;

use super::{
    load::columns,
    state::{Job, Key, State},
};

pub(super) async fn save(connection: &mut PgConnection, state: State) -> Result<(), ApplyError> {
    save_units(connection, &state).await?;
    save_leases(connection, &state).await?;
    save_charges(connection, &state).await?;
    save_items(connection, &state).await?;
    save_jobs(connection, &state).await?;
    sums::add(connection, state).await
}

async fn save_units(connection: &mut PgConnection, state: &State) -> Result<(), ApplyError> {
    let rows = &state.units;
    if rows.is_empty() {
        return Ok(());
    }
    let (tenants, ids) = columns(rows.keys().copied());
    sqlx::query(
        "INSERT INTO dashboard_v4.units SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::bool[])
         ON CONFLICT (tenant_id, unit_id) DO UPDATE SET market_rent = excluded.market_rent, offline = excluded.offline",
    )
    .bind(tenants)
    .bind(ids)
    .bind(rows.values().map(|unit| unit.property).collect::<Vec<_>>())
    .bind(rows.values().map(|unit| unit.market_rent).collect::<Vec<_>>())
    .bind(rows.values().map(|unit| unit.offline).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_leases(connection: &mut PgConnection, state: &State) -> Result<(), ApplyError> {
    let rows = &state.leases;
    if rows.is_empty() {
        return Ok(());
    }
    let (tenants, ids) = columns(rows.keys().copied());
    let json = |value: Result<Value, serde_json::Error>| value.map_err(ApplyError::data);
    let residents = rows.values().map(|lease| json(serde_json::to_value(&lease.residents)));
    let rents = rows.values().map(|lease| json(serde_json::to_value(&lease.rents)));
    sqlx::query(
        "INSERT INTO dashboard_v4.leases
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::jsonb[], $6::jsonb[], $7::date[],
                              $8::bigint[], $9::date[], $10::date[], $11::bigint[])
         ON CONFLICT (tenant_id, lease_id) DO UPDATE
            SET residents = excluded.residents, rents = excluded.rents, activated_on = excluded.activated_on,
                open = excluded.open, oldest = excluded.oldest, latest = excluded.latest, earlier = excluded.earlier
          WHERE leases.* IS DISTINCT FROM excluded.*",
    )
    .bind(tenants)
    .bind(ids)
    .bind(rows.values().map(|lease| lease.property).collect::<Vec<_>>())
    .bind(rows.values().map(|lease| lease.unit).collect::<Vec<_>>())
    .bind(residents.collect::<Result<Vec<_>, _>>()?)
    .bind(rents.collect::<Result<Vec<_>, _>>()?)
    .bind(rows.values().map(|lease| lease.activated_on).collect::<Vec<_>>())
    .bind(rows.values().map(|lease| lease.open).collect::<Vec<_>>())
    .bind(rows.values().map(|lease| lease.oldest).collect::<Vec<_>>())
    .bind(rows.values().map(|lease| lease.latest).collect::<Vec<_>>())
    .bind(rows.values().map(|lease| lease.earlier).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_charges(connection: &mut PgConnection, state: &State) -> Result<(), ApplyError> {
    let rows = &state.charges;
    if rows.is_empty() {
        return Ok(());
    }
    let (tenants, ids) = columns(rows.keys().copied());
    sqlx::query(
        "INSERT INTO dashboard_v4.charges
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bool[], $6::date[], $7::bigint[])
         ON CONFLICT (tenant_id, charge_id) DO UPDATE SET open = excluded.open",
    )
    .bind(tenants)
    .bind(ids)
    .bind(rows.values().map(|charge| charge.lease).collect::<Vec<_>>())
    .bind(rows.values().map(|charge| charge.property).collect::<Vec<_>>())
    .bind(rows.values().map(|charge| charge.rent).collect::<Vec<_>>())
    .bind(rows.values().map(|charge| charge.due_on).collect::<Vec<_>>())
    .bind(rows.values().map(|charge| charge.open).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_items(connection: &mut PgConnection, state: &State) -> Result<(), ApplyError> {
    let rows = &state.items;
    if rows.is_empty() {
        return Ok(());
    }
    let (tenants, ids) = columns(rows.keys().copied());
    sqlx::query(
        "INSERT INTO dashboard_v4.items
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bool[], $5::uuid[], $6::text[], $7::bool[])
         ON CONFLICT (tenant_id, item_id) DO UPDATE SET priority = excluded.priority, open = excluded.open",
    )
    .bind(tenants)
    .bind(ids)
    .bind(rows.values().map(|item| item.property).collect::<Vec<_>>())
    .bind(rows.values().map(|item| item.work_order).collect::<Vec<_>>())
    .bind(rows.values().map(|item| item.job).collect::<Vec<_>>())
    .bind(rows.values().map(|item| item.priority.to_string()).collect::<Vec<_>>())
    .bind(rows.values().map(|item| item.open).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_jobs(connection: &mut PgConnection, state: &State) -> Result<(), ApplyError> {
    let latest = state.jobs.iter().map(|(key, job)| (*key, job));
    let rows: Vec<(Key, &Job)> = latest.chain(state.ended.iter().map(|(key, job)| (*key, job))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let (tenants, ids) = columns(rows.iter().map(|(key, _)| *key));
    let jobs = || rows.iter().map(|(_, job)| *job);
    sqlx::query(
        "INSERT INTO dashboard_v4.jobs
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::timestamptz[],
                              $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::bool[])
         ON CONFLICT (tenant_id, job_id, episode) DO UPDATE
            SET priority = excluded.priority, respond_by = excluded.respond_by, resolve_by = excluded.resolve_by,
                responded_at = excluded.responded_at, resolved_at = excluded.resolved_at, dropped = excluded.dropped",
    )
    .bind(tenants)
    .bind(ids)
    .bind(jobs().map(|job| job.episode).collect::<Vec<_>>())
    .bind(jobs().map(|job| job.property).collect::<Vec<_>>())
    .bind(jobs().map(|job| job.priority.to_string()).collect::<Vec<_>>())
    .bind(jobs().map(|job| job.opened_at).collect::<Vec<_>>())
    .bind(jobs().map(|job| job.deadlines.respond_by).collect::<Vec<_>>())
    .bind(jobs().map(|job| job.deadlines.resolve_by).collect::<Vec<_>>())
    .bind(jobs().map(|job| job.responded_at).collect::<Vec<_>>())
    .bind(jobs().map(|job| job.resolved_at).collect::<Vec<_>>())
    .bind(jobs().map(|job| job.dropped).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
