//! Writes what a batch adds to the books: a statement per table, not per event.

use std::collections::BTreeMap;

use domain::{
    postings::{Basis, Item},
    span::month_after,
};
use sqlx::{PgConnection, types::Json};
use streams::ApplyError;
use uuid::Uuid;

use super::journal::{Entered, Journal, SumKey};

pub(super) async fn save(connection: &mut PgConnection, journal: &Journal<'_>) -> Result<(), ApplyError> {
    save_organizations(connection, journal).await?;
    if journal.entries.is_empty() {
        return Ok(());
    }
    save_entries(connection, &journal.entries).await?;
    save_lines(connection, &journal.entries).await?;
    save_sums(connection, &journal.sums).await?;
    save_items(connection, journal).await?;
    save_standing(connection, journal).await?;
    Ok(())
}

async fn save_organizations(connection: &mut PgConnection, journal: &Journal<'_>) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = journal.organizations().collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO ledger_v2.organizations (tenant_id, currency, operating_account, deposit_account, entries)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::bigint[])
             ON CONFLICT (tenant_id) DO UPDATE SET entries = excluded.entries",
    )
    .bind(rows.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, row)| row.currency.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, row)| row.accounts.operating.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, row)| row.accounts.deposit.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, row)| row.entries).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_entries(connection: &mut PgConnection, entries: &[Entered<'_>]) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO ledger_v2.entries (tenant_id, number, effective_on, memo, event_id, event_index, event_type,
                                        aggregate_id, epoch, shard, position, reverses)
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::date[], $4::text[], $5::uuid[], $6::smallint[], $7::text[],
                              $8::uuid[], $9::integer[], $10::smallint[], $11::bigint[], $12::bigint[])",
    )
    .bind(column(entries, |row| row.fact.tenant_id.0))
    .bind(column(entries, |row| row.number))
    .bind(column(entries, |row| row.entry.effective_on))
    .bind(column(entries, |row| &*row.entry.memo))
    .bind(column(entries, |row| row.fact.event_id))
    .bind(column(entries, |row| row.entry.id.index))
    .bind(column(entries, |row| row.fact.event.name()))
    .bind(column(entries, |row| row.fact.aggregate_id))
    .bind(column(entries, |row| row.fact.epoch))
    .bind(column(entries, |row| row.fact.shard.as_i16()))
    .bind(column(entries, |row| row.fact.position))
    .bind(column(entries, |row| row.reverses))
    .execute(connection)
    .await?;
    Ok(())
}

fn column<'r, 'a, T>(rows: &'r [Entered<'a>], value: impl Fn(&'r Entered<'a>) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

async fn save_lines(connection: &mut PgConnection, entries: &[Entered<'_>]) -> Result<(), sqlx::Error> {
    let lines: Vec<_> = entries
        .iter()
        .flat_map(|row| {
            (0_i16..)
                .zip(&row.entry.lines)
                .map(move |(number, line)| (row, number, line))
        })
        .collect();
    macro_rules! column {
        ($row:pat => $value:expr) => {
            lines.iter().map(|$row| $value).collect::<Vec<_>>()
        };
    }
    sqlx::query(
        "INSERT INTO ledger_v2.lines (tenant_id, number, line, effective_on, account, accrual, cash, amount,
                                      property_id, unit_id, lease_id, item_id, bank_account_id)
         SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::date[], $5::smallint[], $6::bool[], $7::bool[],
                              $8::bigint[], $9::uuid[], $10::uuid[], $11::uuid[], $12::uuid[], $13::uuid[])",
    )
    .bind(column!((row, _, _) => row.fact.tenant_id.0))
    .bind(column!((row, _, _) => row.number))
    .bind(column!((_, number, _) => *number))
    .bind(column!((row, _, _) => row.entry.effective_on))
    .bind(column!((_, _, line) => line.account.code()))
    .bind(column!((_, _, line) => line.view.is_in(Basis::Accrual)))
    .bind(column!((_, _, line) => line.view.is_in(Basis::Cash)))
    .bind(column!((_, _, line) => line.signed()))
    .bind(column!((row, _, _) => row.entry.dimensions.property.0))
    .bind(column!((row, _, _) => row.entry.dimensions.unit.0))
    .bind(column!((row, _, _) => row.entry.dimensions.lease.0))
    .bind(column!((_, _, line) => line.item.map(Item::id)))
    .bind(column!((_, _, line) => line.bank_account.map(|account| account.0)))
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_sums(connection: &mut PgConnection, days: &BTreeMap<SumKey, (i64, i64)>) -> Result<(), sqlx::Error> {
    let mut months: BTreeMap<SumKey, (i64, i64)> = BTreeMap::new();
    for ((tenant, scope, account, day), (accrual, cash)) in days {
        let sum = months.entry((*tenant, *scope, *account, month_after(*day, 0)));
        let sum = sum.or_default();
        sum.0 = sum.0.saturating_add(*accrual);
        sum.1 = sum.1.saturating_add(*cash);
    }
    add_sums(connection, ("balances", "day"), days).await?;
    add_sums(connection, ("balances_by_month", "month"), &months).await
}

async fn add_sums(
    connection: &mut PgConnection,
    (table, day): (&str, &str),
    sums: &BTreeMap<SumKey, (i64, i64)>,
) -> Result<(), sqlx::Error> {
    sqlx::query(&format!(
        "INSERT INTO ledger_v2.{table} AS had (tenant_id, scope, account, {day}, accrual, cash)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::date[], $5::bigint[], $6::bigint[])
             ON CONFLICT (tenant_id, scope, account, {day})
             DO UPDATE SET accrual = had.accrual + excluded.accrual, cash = had.cash + excluded.cash"
    ))
    .bind(sums.keys().map(|(tenant, ..)| *tenant).collect::<Vec<_>>())
    .bind(sums.keys().map(|(_, scope, ..)| *scope).collect::<Vec<_>>())
    .bind(sums.keys().map(|(_, _, account, _)| *account).collect::<Vec<_>>())
    .bind(sums.keys().map(|(.., day)| *day).collect::<Vec<_>>())
    .bind(sums.values().map(|(accrual, _)| *accrual).collect::<Vec<_>>())
    .bind(sums.values().map(|(_, cash)| *cash).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_items(connection: &mut PgConnection, journal: &Journal<'_>) -> Result<(), sqlx::Error> {
    let items = &journal.items;
    sqlx::query(
        "INSERT INTO ledger_v2.items (tenant_id, id, account, lease_id, property_id, unit_id, description, due_on, balance)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::smallint[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[],
                              $8::date[], $9::bigint[])
             ON CONFLICT (tenant_id, id) DO UPDATE SET balance = items.balance + excluded.balance",
    )
    .bind(items.keys().map(|(tenant, _)| *tenant).collect::<Vec<_>>())
    .bind(items.keys().map(|(_, id)| *id).collect::<Vec<_>>())
    .bind(items.values().map(|item| item.account).collect::<Vec<_>>())
    .bind(items.values().map(|item| item.dimensions.lease.0).collect::<Vec<_>>())
    .bind(items.values().map(|item| item.dimensions.property.0).collect::<Vec<_>>())
    .bind(items.values().map(|item| item.dimensions.unit.0).collect::<Vec<_>>())
    .bind(items.values().map(|item| item.description.as_str()).collect::<Vec<_>>())
    .bind(items.values().map(|item| item.due_on).collect::<Vec<_>>())
    .bind(items.values().map(|item| item.change).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn save_standing(connection: &mut PgConnection, journal: &Journal<'_>) -> Result<(), sqlx::Error> {
    if !journal.fallen.is_empty() {
        let fallen = &journal.fallen;
        sqlx::query(
            "DELETE FROM ledger_v2.standing s USING unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS k (tenant, credit, number)
              WHERE s.tenant_id = k.tenant AND s.credit_id = k.credit AND s.number = k.number",
        )
        .bind(fallen.iter().map(|(tenant, ..)| *tenant).collect::<Vec<_>>())
        .bind(fallen.iter().map(|(_, credit, _)| *credit).collect::<Vec<_>>())
        .bind(fallen.iter().map(|(.., number)| *number).collect::<Vec<_>>())
        .execute(&mut *connection)
        .await?;
    }
    let stands = &journal.stands;
    if stands.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO ledger_v2.standing (tenant_id, credit_id, number, event_id, event_index, deed)
         SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::uuid[], $5::smallint[], $6::jsonb[])",
    )
    .bind(stands.keys().map(|(tenant, ..)| *tenant).collect::<Vec<Uuid>>())
    .bind(stands.keys().map(|(_, credit, _)| *credit).collect::<Vec<Uuid>>())
    .bind(stands.keys().map(|(.., number)| *number).collect::<Vec<_>>())
    .bind(stands.values().map(|(entry, _)| entry.event).collect::<Vec<_>>())
    .bind(stands.values().map(|(entry, _)| entry.index).collect::<Vec<_>>())
    .bind(stands.values().map(|(_, deed)| Json(deed)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
