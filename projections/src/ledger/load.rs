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
    load_leases(connection, &wanted, &mut journal).await?;
    load_standing(connection, &wanted, &mut journal).await?;
    Ok(journal)
}

#[derive(sqlx::FromRow)]
struct Row {
    tenant_id: Uuid,
    currency: String,
    operating_account: Uuid,
    deposit_account: Uuid,
    entries: i64,
    id: Option<Uuid>,
    property_id: Option<Uuid>,
    unit_id: Option<Uuid>,
}

/// Organizations, and of each lease what its entries carry. One that the register doesn't know yet is made in this batch, as is an
/// organization.
async fn load_leases(
    connection: &mut PgConnection,
    wanted: &Wanted,
    journal: &mut Journal<'_>,
) -> Result<(), sqlx::Error> {
    if wanted.leases.is_empty() {
        return Ok(());
    }
    let (tenants, ids): (Vec<Uuid>, Vec<Uuid>) = wanted.leases.iter().map(|(tenant, id)| (tenant.0, id.0)).unzip();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT o.*, l.* FROM unnest($1::uuid[], $2::uuid[]) AS k (tenant, lease)
          CROSS JOIN LATERAL (SELECT * FROM ledger_v2.organizations WHERE tenant_id = k.tenant OFFSET 0) AS o
           LEFT JOIN LATERAL (
             SELECT id, property_id, unit_id FROM ledger_v2.leases WHERE tenant_id = k.tenant AND id = k.lease OFFSET 0) AS l ON true",
    )
    .bind(tenants)
    .bind(ids)
    .fetch_all(connection)
    .await?;
    for row in rows {
        let id = OrganizationId(row.tenant_id);
        if let (Some(property), Some(unit), Some(lease)) = (row.property_id, row.unit_id, row.id) {
            let dimensions = Dimensions {
                property: PropertyId(property),
                unit: UnitId(unit),
                lease: LeaseId(lease),
            };
            journal.know_lease(id, dimensions);
        }
        let accounts = Accounts {
            operating: BankAccountId(row.operating_account),
            deposit: BankAccountId(row.deposit_account),
        };
        let organization = Organization {
            currency: row.currency,
            accounts,
            entries: row.entries,
        };
        journal.know_organization(id, organization);
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
