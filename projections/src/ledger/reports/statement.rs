use chrono::NaiveDate;
use domain::{
    ids::{LeaseId, OrganizationId, PropertyId, UnitId},
    money::Money,
    postings::Basis,
};
use serde::Serialize;
use sqlx::{FromRow, PgConnection, PgPool, types::Json};
use uuid::Uuid;

use super::{Cell, Heading, KnownTo, Open, RENTERS, Renter, ReportError, Scope, Table, names, open};

/// What happened on a lease's account in a period, as its residents see it: opening + charges - payments = closing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// What it is about.
    pub heading: Heading,
    /// The lease.
    pub lease: LeaseId,
    /// Its property.
    pub property: PropertyId,
    /// What the property is called.
    pub property_name: String,
    /// Its unit.
    pub unit: UnitId,
    /// The unit's number.
    pub unit_number: String,
    /// Its residents.
    pub residents: Vec<Renter>,
    /// What was owed before the period; below zero, as all balances here, what was in the residents' favour.
    pub opening: Money,
    /// By the day from which they count, then by journal number.
    pub lines: Vec<StatementLine>,
    /// What was owed at the end of the period.
    pub closing: Money,
    /// What is held as deposits at the end of the period.
    pub deposits_held: Money,
}

/// Something that changed what is owed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StatementLine {
    /// The day from which it counts.
    pub effective_on: NaiveDate,
    /// The journal number of its entry.
    pub number: i64,
    /// What it is.
    pub description: String,
    /// How the money came or went: `ach`, for payments.
    pub method: Option<String>,
    /// The mark on the payment.
    pub reference: Option<String>,
    /// By how much more is owed, if more is.
    pub charge: Option<Money>,
    /// By how much less is owed, if less is.
    pub payment: Option<Money>,
    /// What is owed with it.
    pub balance: Money,
    /// The event that caused it.
    pub event_id: Uuid,
    /// The event's name.
    pub event_type: String,
    /// Where the event stands in the log.
    pub recorded_at: KnownTo,
}

#[derive(FromRow)]
struct Subject {
    property_id: Uuid,
    property_name: String,
    unit_id: Uuid,
    unit_number: String,
    residents: Json<Vec<Renter>>,
    /// In minor units, as what follows.
    opening: i64,
    deposits_held: i64,
}

#[derive(FromRow)]
struct Row {
    number: i64,
    effective_on: NaiveDate,
    memo: String,
    method: Option<String>,
    reference: Option<String>,
    amount: i64,
    event_id: Uuid,
    event_type: String,
    epoch: i32,
    shard: i16,
    position: i64,
}

/// What happened on a lease's account from one day to another, both included; `None` if the organization has no such lease.
///
/// # Errors
/// A read model that can't be read.
pub async fn lease_statement(
    app: &PgPool,
    organization: OrganizationId,
    lease: LeaseId,
    from: Option<NaiveDate>,
    to: NaiveDate,
) -> Result<Option<Statement>, ReportError> {
    let scope = Scope {
        basis: Basis::Accrual,
        as_of: to,
        property: None,
    };
    let mut books = open(app, organization, &scope, from).await?;
    let Some(subject) = subject(&mut books.tx, lease, from, to).await? else {
        return Ok(None);
    };
    let mut running = subject.opening;
    let lines = rows(&mut books.tx, lease, from, to).await?;
    let lines = lines
        .into_iter()
        .map(|row| {
            running += row.amount;
            row.line(&books, running)
        })
        .collect();
    Ok(Some(Statement {
        lease,
        property: PropertyId(subject.property_id),
        property_name: subject.property_name,
        unit: UnitId(subject.unit_id),
        unit_number: subject.unit_number,
        residents: subject.residents.0,
        opening: books.money(subject.opening),
        lines,
        closing: books.money(running),
        deposits_held: books.money(subject.deposits_held),
        heading: books.heading,
    }))
}

/// What is owed is what stands on 1200 less what stands on 2200: a credit that pays a charge changes nothing of it.
async fn subject(
    connection: &mut PgConnection,
    lease: LeaseId,
    from: Option<NaiveDate>,
    to: NaiveDate,
) -> Result<Option<Subject>, sqlx::Error> {
    sqlx::query_as(&format!(
        "SELECT p.id AS property_id, p.name AS property_name, u.id AS unit_id, u.number AS unit_number,
                {RENTERS} AS residents,
                (SELECT coalesce(sum(amount), 0)::bigint FROM ledger_v2.lines
                  WHERE lease_id = l.id AND account IN (1200, 2200) AND effective_on < $2) AS opening,
                (SELECT coalesce(-sum(amount), 0)::bigint FROM ledger_v2.lines
                  WHERE lease_id = l.id AND account = 2100 AND effective_on <= $3) AS deposits_held
           FROM ledger_v2.leases l
           JOIN ledger_v2.properties p ON p.id = l.property_id
           JOIN ledger_v2.units u ON u.id = l.unit_id
          WHERE l.id = $1"
    ))
    .bind(lease.0)
    .bind(from)
    .bind(to)
    .fetch_optional(connection)
    .await
}

async fn rows(
    connection: &mut PgConnection,
    lease: LeaseId,
    from: Option<NaiveDate>,
    to: NaiveDate,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as(
        "SELECT e.number, e.effective_on, e.memo, p.method, p.reference, m.amount, e.event_id, e.event_type, e.epoch,
                e.shard, e.position
           FROM (SELECT number, sum(amount)::bigint AS amount FROM ledger_v2.lines
                  WHERE lease_id = $1 AND account IN (1200, 2200) AND ($2::date IS NULL OR effective_on >= $2)
                    AND effective_on <= $3
                  GROUP BY number HAVING sum(amount) <> 0) AS m
           JOIN ledger_v2.entries e ON e.number = m.number
           LEFT JOIN ledger_v2.payments p ON p.id = e.aggregate_id
          ORDER BY e.effective_on, e.number",
    )
    .bind(lease.0)
    .bind(from)
    .bind(to)
    .fetch_all(connection)
    .await
}

impl Row {
    fn line(self, books: &Open, balance: i64) -> StatementLine {
        StatementLine {
            effective_on: self.effective_on,
            number: self.number,
            description: self.memo,
            method: self.method,
            reference: self.reference,
            charge: (self.amount > 0).then(|| books.money(self.amount)),
            payment: (self.amount < 0).then(|| books.money(self.amount.saturating_neg())),
            balance: books.money(balance),
            event_id: self.event_id,
            event_type: self.event_type,
            recorded_at: KnownTo {
                epoch: self.epoch,
                shard: self.shard,
                position: self.position,
            },
        }
    }
}

impl Table for Statement {
    const COLUMNS: &'static [&'static str] = &[
        "Property",
        "Unit",
        "Tenant",
        "Date",
        "Description",
        "Method",
        "Reference",
        "Charge",
        "Payment",
        "Balance",
        "Entry",
        "Event",
        "Event id",
    ];

    fn heading(&self) -> &Heading {
        &self.heading
    }

    fn rows(&self) -> impl Iterator<Item = Vec<Cell<'_>>> {
        self.lines.iter().map(|row| {
            vec![
                Cell::text(&self.property_name),
                Cell::text(&self.unit_number),
                Cell::text(names(&self.residents)),
                Cell::Date(row.effective_on),
                Cell::text(&row.description),
                Cell::maybe(row.method.as_deref(), Cell::text),
                Cell::maybe(row.reference.as_deref(), Cell::text),
                Cell::maybe(row.charge, Cell::Money),
                Cell::maybe(row.payment, Cell::Money),
                Cell::Money(row.balance),
                Cell::Number(row.number),
                Cell::text(&row.event_type),
                Cell::text(row.event_id.to_string()),
            ]
        })
    }
}
