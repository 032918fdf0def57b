//! Reads what the books of a batch's organizations say so far: a statement per table, not per event. In it each row is looked for by its
//! key, whatever the server takes for cheaper.

use domain::{
    ids::{BankAccountId, LeaseId, OrganizationId, PropertyId, UnitId},
    postings::{Accounts, Deed, Dimensions, EntryId},
};
use sqlx::{PgConnection, types::Json};
use streams::ApplyError;
use uuid::Uuid;

use super::journal::{Journal, Organization, Wanted};

pub(super) async fn load<'a>(connection: &mut PgConnection, wanted: Wanted) -> Result<Journal<'a>, ApplyError> {
    let mut journal = Journal::default();
    load_organizations(connection, &wanted, &mut journal).await?;
    load_leases(connection, &wanted, &mut journal).await?;
    load_standing(connection, &wanted, &mut journal).await?;
    Ok(journal)
}

async fn load_organizations(
    connection: &mut PgConnection,
    wanted: &Wanted,
    journal: &mut Journal<'_>,
) -> Result<(), sqlx::Error> {
    if wanted.organizations.is_empty() {
        return Ok(());
    }
    let rows: Vec<(Uuid, String, Uuid, Uuid, i64)> = sqlx::query_as(
        "SELECT tenant_id, currency, operating_account, deposit_account, entries
           FROM ledger_v2.organizations WHERE tenant_id = ANY($1)",
    )
    .bind(wanted.organizations.iter().map(|id| id.0).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    for (tenant, currency, operating, deposit, entries) in rows {
        let accounts = Accounts {
            operating: BankAccountId(operating),
            deposit: BankAccountId(deposit),
        };
        let organization = Organization {
            currency,
            accounts,
            entries,
        };
        journal.know_organization(OrganizationId(tenant), organization);
    }
    Ok(())
}

async fn load_leases(
    connection: &mut PgConnection,
    wanted: &Wanted,
    journal: &mut Journal<'_>,
) -> Result<(), sqlx::Error> {
    if wanted.leases.is_empty() {
        return Ok(());
    }
    let (tenants, ids): (Vec<Uuid>, Vec<Uuid>) = wanted.leases.iter().map(|(tenant, id)| (tenant.0, id.0)).unzip();
    let rows: Vec<(Uuid, Uuid, Uuid, Uuid)> = sqlx::query_as(
        "SELECT l.tenant_id, l.id, property_id, unit_id FROM unnest($1::uuid[], $2::uuid[]) AS k (tenant_id, id)
          CROSS JOIN LATERAL (SELECT * FROM ledger_v2.leases WHERE tenant_id = k.tenant_id AND id = k.id OFFSET 0) AS l",
    )
    .bind(tenants)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    for (tenant, lease, property, unit) in rows {
        let dimensions = Dimensions {
            property: PropertyId(property),
            unit: UnitId(unit),
            lease: LeaseId(lease),
        };
        journal.know_lease(OrganizationId(tenant), dimensions);
    }
    Ok(())
}

async fn load_standing(
    connection: &mut PgConnection,
    wanted: &Wanted,
    journal: &mut Journal<'_>,
) -> Result<(), sqlx::Error> {
    if wanted.credits.is_empty() {
        return Ok(());
    }
    let (tenants, credits): (Vec<Uuid>, Vec<Uuid>) = wanted
        .credits
        .iter()
        .map(|(tenant, credit)| (tenant.0, credit.0))
        .unzip();
    let rows: Vec<(Uuid, i64, Uuid, i16, Json<Deed>)> = sqlx::query_as(
        "SELECT s.tenant_id, number, event_id, event_index, deed FROM unnest($1::uuid[], $2::uuid[]) AS k (tenant_id, credit_id)
          CROSS JOIN LATERAL (
            SELECT * FROM ledger_v2.standing WHERE tenant_id = k.tenant_id AND credit_id = k.credit_id OFFSET 0) AS s
          ORDER BY s.tenant_id, number",
    )
    .bind(tenants)
    .bind(credits)
    .fetch_all(connection)
    .await?;
    for (tenant, number, event, index, Json(deed)) in rows {
        journal.know_standing(OrganizationId(tenant), number, EntryId { event, index }, deed);
    }
    Ok(())
}
