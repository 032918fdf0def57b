//! Reads the rows that a batch of events refers to: a statement per table, not per event.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    lease::{CreditTarget, LeaseEvent},
    maintenance_request::Deadlines,
    registry::AnyEvent,
    work_order::WorkOrderEvent,
};
use serde_json::Value;
use sqlx::{FromRow, PgConnection, postgres::PgRow};
use streams::ApplyError;
use uuid::Uuid;

use super::{
    fold::Happening,
    state::{Charge, Item, Job, Key, Lease, State, Unit, priority_named},
};

/// The rows that the events of a batch refer to.
#[derive(Default)]
pub(super) struct Wanted {
    units: HashSet<Key>,
    leases: HashSet<Key>,
    /// Those of the leases that come to owe more or less.
    owing: HashSet<Key>,
    charges: HashSet<Key>,
    items: HashSet<Key>,
}

impl Wanted {
    /// What these events refer to.
    pub fn by<'a>(happenings: impl Iterator<Item = Happening<'a>>) -> Self {
        let mut wanted = Self::default();
        for happening in happenings {
            let key = (happening.organization, happening.id);
            match happening.event {
                AnyEvent::Unit(_) => {
                    wanted.units.insert(key);
                }
                AnyEvent::Lease(event) => {
                    wanted.leases.insert(key);
                    wanted.charges.extend(charge_of(event).map(|charge| (key.0, charge)));
                    if charge_of(event).is_some() || charges_anew(event) {
                        wanted.owing.insert(key);
                    }
                }
                AnyEvent::MaintenanceRequest(_) => {
                    wanted.items.insert(key);
                }
                AnyEvent::WorkOrder(event) => {
                    wanted.items.insert(key);
                    if let WorkOrderEvent::Created {
                        request: Some(request), ..
                    } = event
                    {
                        wanted.items.insert((key.0, request.0));
                    }
                }
                _ => {}
            }
        }
        wanted
    }
}

/// The charge that an event changes.
fn charge_of(event: &LeaseEvent) -> Option<Uuid> {
    match event {
        LeaseEvent::ChargeWaived { charge, .. }
        | LeaseEvent::ConcessionGranted { charge, .. }
        | LeaseEvent::ChargeWrittenOff { charge, .. }
        | LeaseEvent::CreditApplied {
            target: CreditTarget::Charge { charge, .. },
            ..
        }
        | LeaseEvent::CreditUnapplied {
            target: CreditTarget::Charge { charge, .. },
            ..
        } => Some(charge.0),
        _ => None,
    }
}

const fn charges_anew(event: &LeaseEvent) -> bool {
    matches!(
        event,
        LeaseEvent::ChargePosted { .. }
            | LeaseEvent::LateFeeAssessed { .. }
            | LeaseEvent::Opened { charge: Some(_), .. }
    )
}

pub(super) fn columns(keys: impl IntoIterator<Item = Key>) -> (Vec<Uuid>, Vec<Uuid>) {
    keys.into_iter().unzip()
}

pub(super) async fn load(connection: &mut PgConnection, wanted: Wanted) -> Result<State, ApplyError> {
    Ok(State {
        units: load_units(connection, wanted.units).await?,
        debts: load_debts(connection, wanted.owing).await?,
        leases: load_leases(connection, wanted.leases).await?,
        charges: load_charges(connection, wanted.charges).await?,
        jobs: load_jobs(connection, &wanted.items).await?,
        items: load_items(connection, wanted.items).await?,
        ..State::default()
    })
}

/// The rows that a statement finds for these keys: each looked for by itself, by its key. Left to itself, the server may think that it
/// reads all that is of an organization sooner.
async fn found<R>(
    connection: &mut PgConnection,
    statement: &str,
    keys: impl IntoIterator<Item = Key>,
) -> Result<Vec<R>, sqlx::Error>
where
    R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let (tenants, ids) = columns(keys);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_as(statement)
        .bind(tenants)
        .bind(ids)
        .fetch_all(connection)
        .await
}

async fn load_units(connection: &mut PgConnection, keys: HashSet<Key>) -> Result<HashMap<Key, Unit>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, Uuid, i64, bool)> = found(
        connection,
        "SELECT t.tenant_id, unit_id, property_id, market_rent, offline FROM unnest($1::uuid[], $2::uuid[]) AS k (tenant_id, id)
          CROSS JOIN LATERAL (SELECT * FROM dashboard_v4.units WHERE tenant_id = k.tenant_id AND unit_id = k.id OFFSET 0) AS t",
        keys,
    )
    .await?;
    Ok(rows
        .into_iter()
        .map(|(tenant, id, property, market_rent, offline)| {
            let unit = Unit {
                property,
                market_rent,
                offline,
            };
            ((tenant, id), unit)
        })
        .collect())
}

async fn load_leases(connection: &mut PgConnection, keys: HashSet<Key>) -> Result<HashMap<Key, Lease>, ApplyError> {
    #[derive(sqlx::FromRow)]
    struct Row {
        tenant_id: Uuid,
        lease_id: Uuid,
        property_id: Uuid,
        unit_id: Uuid,
        residents: Value,
        rents: Value,
        activated_on: Option<NaiveDate>,
        open: i64,
        oldest: Option<NaiveDate>,
        latest: Option<NaiveDate>,
        earlier: i64,
    }
    let rows: Vec<Row> = found(
        connection,
        "SELECT t.* FROM unnest($1::uuid[], $2::uuid[]) AS k (tenant_id, id)
          CROSS JOIN LATERAL (SELECT * FROM dashboard_v4.leases WHERE tenant_id = k.tenant_id AND lease_id = k.id OFFSET 0) AS t",
        keys,
    )
    .await?;
    rows.into_iter()
        .map(|row| {
            let lease = Lease {
                property: row.property_id,
                unit: row.unit_id,
                residents: serde_json::from_value(row.residents).map_err(ApplyError::data)?,
                rents: serde_json::from_value(row.rents).map_err(ApplyError::data)?,
                activated_on: row.activated_on,
                open: row.open,
                oldest: row.oldest,
                latest: row.latest,
                earlier: row.earlier,
            };
            Ok(((row.tenant_id, row.lease_id), lease))
        })
        .collect()
}

/// What leases have open, by the day on which it was due.
async fn load_debts(
    connection: &mut PgConnection,
    keys: HashSet<Key>,
) -> Result<HashMap<Key, BTreeMap<NaiveDate, i64>>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, NaiveDate, i64)> = found(
        connection,
        "SELECT k.tenant_id, k.lease_id, debts.* FROM unnest($1::uuid[], $2::uuid[]) AS k (tenant_id, lease_id)
          CROSS JOIN LATERAL (
                SELECT due_on, sum(open)::bigint FROM dashboard_v4.charges
                 WHERE tenant_id = k.tenant_id AND lease_id = k.lease_id AND open > 0 GROUP BY due_on) AS debts",
        keys,
    )
    .await?;
    let mut debts: HashMap<Key, BTreeMap<NaiveDate, i64>> = HashMap::new();
    for (tenant, lease, due_on, open) in rows {
        debts.entry((tenant, lease)).or_default().insert(due_on, open);
    }
    Ok(debts)
}

async fn load_charges(connection: &mut PgConnection, keys: HashSet<Key>) -> Result<HashMap<Key, Charge>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, Uuid, Uuid, bool, NaiveDate, i64)> = found(
        connection,
        "SELECT t.tenant_id, charge_id, lease_id, property_id, rent, due_on, open
           FROM unnest($1::uuid[], $2::uuid[]) AS k (tenant_id, id)
          CROSS JOIN LATERAL (SELECT * FROM dashboard_v4.charges WHERE tenant_id = k.tenant_id AND charge_id = k.id OFFSET 0) AS t",
        keys,
    )
    .await?;
    Ok(rows
        .into_iter()
        .map(|(tenant, id, lease, property, rent, due_on, open)| {
            let charge = Charge {
                lease,
                property,
                rent,
                due_on,
                open,
            };
            ((tenant, id), charge)
        })
        .collect())
}

async fn load_items(connection: &mut PgConnection, keys: HashSet<Key>) -> Result<HashMap<Key, Item>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, Uuid, bool, Uuid, String, bool)> = found(
        connection,
        "SELECT t.tenant_id, item_id, property_id, work_order, job_id, priority, open
           FROM unnest($1::uuid[], $2::uuid[]) AS k (tenant_id, id)
          CROSS JOIN LATERAL (SELECT * FROM dashboard_v4.items WHERE tenant_id = k.tenant_id AND item_id = k.id OFFSET 0) AS t",
        keys,
    )
    .await?;
    Ok(rows
        .into_iter()
        .map(|(tenant, id, property, work_order, job, priority, open)| {
            let priority = priority_named(&priority);
            (
                (tenant, id),
                Item {
                    property,
                    work_order,
                    job,
                    priority,
                    open,
                },
            )
        })
        .collect())
}

/// The latest episode of the jobs that these requests and work orders belong to.
async fn load_jobs(connection: &mut PgConnection, items: &HashSet<Key>) -> Result<HashMap<Key, Job>, sqlx::Error> {
    #[derive(sqlx::FromRow)]
    struct Row {
        tenant_id: Uuid,
        job_id: Uuid,
        episode: i32,
        property_id: Uuid,
        priority: String,
        opened_at: DateTime<Utc>,
        respond_by: DateTime<Utc>,
        resolve_by: DateTime<Utc>,
        responded_at: Option<DateTime<Utc>>,
        resolved_at: Option<DateTime<Utc>>,
        dropped: bool,
    }
    let rows: Vec<Row> = found(
        connection,
        "SELECT job.* FROM (
            SELECT DISTINCT i.tenant_id, i.job_id FROM unnest($1::uuid[], $2::uuid[]) AS k (tenant_id, id)
             CROSS JOIN LATERAL (SELECT * FROM dashboard_v4.items WHERE tenant_id = k.tenant_id AND item_id = k.id OFFSET 0) AS i) AS of
          CROSS JOIN LATERAL (
            SELECT * FROM dashboard_v4.jobs WHERE tenant_id = of.tenant_id AND job_id = of.job_id ORDER BY episode DESC LIMIT 1) AS job",
        items.iter().copied(),
    )
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let job = Job {
                episode: row.episode,
                property: row.property_id,
                priority: priority_named(&row.priority),
                opened_at: row.opened_at,
                deadlines: Deadlines {
                    respond_by: row.respond_by,
                    resolve_by: row.resolve_by,
                },
                responded_at: row.responded_at,
                resolved_at: row.resolved_at,
                dropped: row.dropped,
            };
            ((row.tenant_id, row.job_id), job)
        })
        .collect())
}
