//! Writes what a batch adds to the books: one statement for all tables, since each is a round trip for which readers of the ledger wait.

use std::collections::BTreeMap;

use domain::{
    postings::{Basis, Item},
    span::month_after,
};
use sqlx::{PgConnection, Postgres, postgres::PgArguments, query::Query, types::Json};
use streams::ApplyError;

use super::journal::{Entered, Journal, SumKey};

/// None of its parts reads what another writes: an entry that falls is one of an earlier batch.
const SAVE: &str = "
  WITH organizations AS (
    INSERT INTO ledger_v2.organizations (tenant_id, currency, operating_account, deposit_account, entries)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::bigint[])
        ON CONFLICT (tenant_id) DO UPDATE SET entries = excluded.entries),
  entries AS (
    INSERT INTO ledger_v2.entries (tenant_id, number, effective_on, memo, event_id, event_index, event_type, aggregate_id,
                                   epoch, shard, position, reverses)
    SELECT * FROM unnest($6::uuid[], $7::bigint[], $8::date[], $9::text[], $10::uuid[], $11::smallint[], $12::text[],
                         $13::uuid[], $14::integer[], $15::smallint[], $16::bigint[], $17::bigint[])),
  lines AS (
    INSERT INTO ledger_v2.lines (tenant_id, number, line, effective_on, account, accrual, cash, amount,
                                 property_id, unit_id, lease_id, item_id, bank_account_id)
    SELECT * FROM unnest($18::uuid[], $19::bigint[], $20::smallint[], $21::date[], $22::smallint[], $23::bool[], $24::bool[],
                         $25::bigint[], $26::uuid[], $27::uuid[], $28::uuid[], $29::uuid[], $30::uuid[])),
  days AS (
    INSERT INTO ledger_v2.balances AS had (tenant_id, scope, account, day, accrual, cash)
    SELECT * FROM unnest($31::uuid[], $32::uuid[], $33::smallint[], $34::date[], $35::bigint[], $36::bigint[])
        ON CONFLICT (tenant_id, scope, account, day)
        DO UPDATE SET accrual = had.accrual + excluded.accrual, cash = had.cash + excluded.cash),
  months AS (
    INSERT INTO ledger_v2.balances_by_month AS had (tenant_id, scope, account, month, accrual, cash)
    SELECT * FROM unnest($37::uuid[], $38::uuid[], $39::smallint[], $40::date[], $41::bigint[], $42::bigint[])
        ON CONFLICT (tenant_id, scope, account, month)
        DO UPDATE SET accrual = had.accrual + excluded.accrual, cash = had.cash + excluded.cash),
  items AS (
    INSERT INTO ledger_v2.items AS had (tenant_id, id, account, lease_id, property_id, unit_id, description, due_on, balance)
    SELECT * FROM unnest($43::uuid[], $44::uuid[], $45::smallint[], $46::uuid[], $47::uuid[], $48::uuid[], $49::text[],
                         $50::date[], $51::bigint[])
        ON CONFLICT (tenant_id, id) DO UPDATE SET balance = had.balance + excluded.balance),
  fallen AS (
    DELETE FROM ledger_v2.standing s USING unnest($52::uuid[], $53::uuid[], $54::bigint[]) AS k (tenant, credit, number)
     WHERE s.tenant_id = k.tenant AND s.credit_id = k.credit AND s.number = k.number)
  INSERT INTO ledger_v2.standing (tenant_id, credit_id, number, event_id, event_index, deed)
  SELECT * FROM unnest($55::uuid[], $56::uuid[], $57::bigint[], $58::uuid[], $59::smallint[], $60::jsonb[])";

type Save<'q> = Query<'q, Postgres, PgArguments>;

pub(super) async fn save(connection: &mut PgConnection, journal: &Journal<'_>) -> Result<(), ApplyError> {
    if journal.organizations().next().is_none() && journal.entries.is_empty() {
        return Ok(());
    }
    let save = with_organizations(sqlx::query(SAVE), journal);
    let save = with_entries(save, &journal.entries);
    let save = with_lines(save, &journal.entries);
    let save = with_sums(save, &journal.sums);
    let save = with_sums(save, &by_month(&journal.sums));
    let save = with_items(save, journal);
    with_standing(save, journal).execute(connection).await?;
    Ok(())
}

fn with_organizations<'q>(save: Save<'q>, journal: &'q Journal<'_>) -> Save<'q> {
    let rows: Vec<_> = journal.organizations().collect();
    save.bind(column(&rows, |(id, _)| id.0))
        .bind(column(&rows, |(_, row)| row.currency.as_str()))
        .bind(column(&rows, |(_, row)| row.accounts.operating.0))
        .bind(column(&rows, |(_, row)| row.accounts.deposit.0))
        .bind(column(&rows, |(_, row)| row.entries))
}

fn with_entries<'q>(save: Save<'q>, entries: &'q [Entered<'_>]) -> Save<'q> {
    save.bind(column(entries, |row| row.fact.tenant_id.0))
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
}

fn column<'r, R, T>(rows: &'r [R], value: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

fn with_lines<'q>(save: Save<'q>, entries: &'q [Entered<'_>]) -> Save<'q> {
    let numbered = |row: &'q Entered<'_>| {
        (0_i16..)
            .zip(&row.entry.lines)
            .map(move |(number, line)| (row, number, line))
    };
    let lines: Vec<_> = entries.iter().flat_map(numbered).collect();
    save.bind(column(&lines, |(row, ..)| row.fact.tenant_id.0))
        .bind(column(&lines, |(row, ..)| row.number))
        .bind(column(&lines, |(_, number, _)| *number))
        .bind(column(&lines, |(row, ..)| row.entry.effective_on))
        .bind(column(&lines, |(.., line)| line.account.code()))
        .bind(column(&lines, |(.., line)| line.view.is_in(Basis::Accrual)))
        .bind(column(&lines, |(.., line)| line.view.is_in(Basis::Cash)))
        .bind(column(&lines, |(.., line)| line.signed()))
        .bind(column(&lines, |(row, ..)| row.entry.dimensions.property.0))
        .bind(column(&lines, |(row, ..)| row.entry.dimensions.unit.0))
        .bind(column(&lines, |(row, ..)| row.entry.dimensions.lease.0))
        .bind(column(&lines, |(.., line)| line.item.map(Item::id)))
        .bind(column(&lines, |(.., line)| line.bank_account.map(|account| account.0)))
}

/// Of each organization, scope, account and day or month.
type Sums = BTreeMap<SumKey, (i64, i64)>;

fn by_month(days: &Sums) -> Sums {
    let mut months = Sums::new();
    for ((tenant, scope, account, day), (accrual, cash)) in days {
        let sum = months.entry((*tenant, *scope, *account, month_after(*day, 0)));
        let sum = sum.or_default();
        sum.0 = sum.0.saturating_add(*accrual);
        sum.1 = sum.1.saturating_add(*cash);
    }
    months
}

fn with_sums<'q>(save: Save<'q>, sums: &Sums) -> Save<'q> {
    save.bind(sums.keys().map(|(tenant, ..)| *tenant).collect::<Vec<_>>())
        .bind(sums.keys().map(|(_, scope, ..)| *scope).collect::<Vec<_>>())
        .bind(sums.keys().map(|(_, _, account, _)| *account).collect::<Vec<_>>())
        .bind(sums.keys().map(|(.., day)| *day).collect::<Vec<_>>())
        .bind(sums.values().map(|(accrual, _)| *accrual).collect::<Vec<_>>())
        .bind(sums.values().map(|(_, cash)| *cash).collect::<Vec<_>>())
}

fn with_items<'q>(save: Save<'q>, journal: &'q Journal<'_>) -> Save<'q> {
    let items: Vec<_> = journal.items.iter().collect();
    save.bind(column(&items, |((tenant, _), _)| *tenant))
        .bind(column(&items, |((_, id), _)| *id))
        .bind(column(&items, |(_, item)| item.account))
        .bind(column(&items, |(_, item)| item.dimensions.lease.0))
        .bind(column(&items, |(_, item)| item.dimensions.property.0))
        .bind(column(&items, |(_, item)| item.dimensions.unit.0))
        .bind(column(&items, |(_, item)| item.description.as_str()))
        .bind(column(&items, |(_, item)| item.due_on))
        .bind(column(&items, |(_, item)| item.change))
}

fn with_standing<'q>(save: Save<'q>, journal: &'q Journal<'_>) -> Save<'q> {
    let fallen = &journal.fallen;
    let stands: Vec<_> = journal.stands.iter().collect();
    save.bind(column(fallen, |(tenant, ..)| *tenant))
        .bind(column(fallen, |(_, credit, _)| *credit))
        .bind(column(fallen, |(.., number)| *number))
        .bind(column(&stands, |((tenant, ..), _)| *tenant))
        .bind(column(&stands, |((_, credit, _), _)| *credit))
        .bind(column(&stands, |((.., number), _)| *number))
        .bind(column(&stands, |(_, (entry, _))| entry.event))
        .bind(column(&stands, |(_, (entry, _))| entry.index))
        .bind(column(&stands, |(_, (_, deed))| Json(deed)))
}
