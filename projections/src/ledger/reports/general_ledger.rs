use chrono::NaiveDate;
use domain::{
    ids::{BankAccountId, LeaseId, OrganizationId, PropertyId, UnitId},
    money::Money,
    postings::{Account, Basis, Class},
    span::month_after,
};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

use super::{Cell, Heading, KnownTo, Open, ReportError, Scope, Table, open};

/// What is asked of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountQuestion {
    /// Which.
    pub account: Account,
    /// The first day of the period.
    pub from: NaiveDate,
    /// The last day of the period.
    pub to: NaiveDate,
    /// Which view of the books.
    pub basis: Basis,
    /// One property only.
    pub property: Option<PropertyId>,
    /// Movements behind this one only: the last of the page before.
    pub after: Option<Place>,
    /// At most so many movements.
    pub limit: u32,
}

/// Where a movement stands among those of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The day from which it counts.
    pub effective_on: NaiveDate,
    /// The journal number of its entry.
    pub number: i64,
    /// Which line of it, from 0.
    pub line: i16,
}

/// The movements of an account in a period: opening + movements = closing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct GeneralLedger {
    /// What it is about.
    pub heading: Heading,
    /// The number of the account.
    pub account: i16,
    /// What it is called.
    pub name: &'static str,
    /// What it is counted as.
    pub class: Class,
    /// What it came to before the period; credits below zero, as all balances here.
    pub opening: Money,
    /// What it came to before the movements listed here: the opening, on the first page.
    pub brought_forward: Money,
    /// By the day from which they count, then by journal number.
    pub movements: Vec<Movement>,
    /// What it came to at the end of the period.
    pub closing: Money,
    /// Behind which movement the next page begins, if there is one.
    pub next: Option<Place>,
}

/// A line on the account.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Movement {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub memo: String,
    /// The amount, if it is a debit.
    pub debit: Option<Money>,
    /// The amount, if it is a credit.
    pub credit: Option<Money>,
    /// What the account comes to with it.
    pub balance: Money,
    /// Whose money it is.
    pub property: PropertyId,
    /// What the property is called.
    pub property_name: Option<String>,
    /// Which unit of it.
    pub unit: UnitId,
    /// The unit's number.
    pub unit_number: Option<String>,
    /// Under which lease.
    pub lease: LeaseId,
    /// The charge, credit or deposit, on a control account.
    pub item: Option<Uuid>,
    /// The bank account, on a cash account.
    pub bank_account: Option<BankAccountId>,
    /// The journal number of the entry that it takes back, if it does.
    pub reverses: Option<i64>,
    /// The event that caused it.
    pub event_id: Uuid,
    /// The event's name.
    pub event_type: String,
    /// What the event is about.
    pub aggregate_id: Uuid,
    /// Where the event stands in the log.
    pub recorded_at: KnownTo,
}

#[derive(FromRow)]
struct Row {
    number: i64,
    line: i16,
    effective_on: NaiveDate,
    amount: i64,
    property_id: Uuid,
    property_name: Option<String>,
    unit_id: Uuid,
    unit_number: Option<String>,
    lease_id: Uuid,
    item_id: Option<Uuid>,
    bank_account_id: Option<Uuid>,
    memo: String,
    reverses: Option<i64>,
    event_id: Uuid,
    event_type: String,
    aggregate_id: Uuid,
    epoch: i32,
    shard: i16,
    position: i64,
}

/// The movements of an account in a period, a page of them.
///
/// # Errors
/// A read model that can't be read.
pub async fn general_ledger(
    app: &PgPool,
    organization: OrganizationId,
    question: AccountQuestion,
) -> Result<GeneralLedger, ReportError> {
    let AccountQuestion { account, from, to, .. } = question;
    let scope = Scope {
        basis: question.basis,
        as_of: to,
        property: question.property,
    };
    let mut books = open(app, organization, &scope, Some(from)).await?;
    let sums = (scope.id(organization), scope.is_cash());
    let opening = match from.pred_opt() {
        Some(eve) => balance(&mut books.tx, account, eve, sums).await?,
        None => 0,
    };
    let closing = balance(&mut books.tx, account, to, sums).await?;
    let before = match question.after {
        Some(place) => passed(&mut books.tx, &question, place).await?,
        None => 0,
    };
    let mut rows = page(&mut books.tx, &question).await?;
    let more = rows.len() > question.limit as usize;
    rows.truncate(question.limit as usize);

    let brought_forward = opening + before;
    let mut running = brought_forward;
    let movements: Vec<Movement> = rows
        .into_iter()
        .map(|row| {
            running += row.amount;
            row.movement(&books, running)
        })
        .collect();
    Ok(GeneralLedger {
        account: account.code(),
        name: account.name(),
        class: account.class(),
        opening: books.money(opening),
        brought_forward: books.money(brought_forward),
        next: movements.last().filter(|_| more).map(|last| last.place),
        movements,
        closing: books.money(closing),
        heading: books.heading,
    })
}

/// What an account came to when a day was over, of a property's lines or the whole organization's.
async fn balance(
    connection: &mut PgConnection,
    account: Account,
    day: NaiveDate,
    (scope, is_cash): (Uuid, bool),
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT coalesce(sum(CASE WHEN $1 THEN cash ELSE accrual END), 0)::bigint
           FROM (SELECT accrual, cash FROM ledger_v2.balances_by_month
                  WHERE scope = $2 AND account = $3 AND month < $4
                 UNION ALL
                 SELECT accrual, cash FROM ledger_v2.balances
                  WHERE scope = $2 AND account = $3 AND day BETWEEN $4 AND $5) AS m",
    )
    .bind(is_cash)
    .bind(scope)
    .bind(account.code())
    .bind(month_after(day, 0))
    .bind(day)
    .fetch_one(connection)
    .await
}

/// What the movements of the pages before come to, up to and with a place.
async fn passed(connection: &mut PgConnection, question: &AccountQuestion, place: Place) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT coalesce(sum(amount), 0)::bigint FROM ledger_v2.lines
          WHERE account = $1 AND effective_on >= $2 AND (effective_on, number, line) <= ($3, $4, $5)
            AND CASE WHEN $6 THEN cash ELSE accrual END AND ($7::uuid IS NULL OR property_id = $7)",
    )
    .bind(question.account.code())
    .bind(question.from)
    .bind(place.effective_on)
    .bind(place.number)
    .bind(place.line)
    .bind(question.basis == Basis::Cash)
    .bind(question.property.map(|property| property.0))
    .fetch_one(connection)
    .await
}

/// The movements of a page, and one more if there is one.
async fn page(connection: &mut PgConnection, question: &AccountQuestion) -> Result<Vec<Row>, sqlx::Error> {
    let after = question.after.unwrap_or(Place {
        effective_on: question.from,
        number: 0,
        line: 0,
    });
    sqlx::query_as(
        "SELECT l.number, l.line, l.effective_on, l.amount, l.property_id, p.name AS property_name, l.unit_id,
                u.number AS unit_number, l.lease_id, l.item_id, l.bank_account_id, e.memo, e.reverses, e.event_id,
                e.event_type, e.aggregate_id, e.epoch, e.shard, e.position
           FROM ledger_v2.lines l
           JOIN ledger_v2.entries e ON e.number = l.number
           LEFT JOIN ledger_v2.properties p ON p.id = l.property_id
           LEFT JOIN ledger_v2.units u ON u.id = l.unit_id
          WHERE l.account = $1 AND l.effective_on BETWEEN $2 AND $3 AND (l.effective_on, l.number, l.line) > ($4, $5, $6)
            AND CASE WHEN $7 THEN l.cash ELSE l.accrual END AND ($8::uuid IS NULL OR l.property_id = $8)
          ORDER BY l.effective_on, l.number, l.line LIMIT $9",
    )
    .bind(question.account.code())
    .bind(question.from)
    .bind(question.to)
    .bind(after.effective_on)
    .bind(after.number)
    .bind(after.line)
    .bind(question.basis == Basis::Cash)
    .bind(question.property.map(|property| property.0))
    .bind(i64::from(question.limit) + 1)
    .fetch_all(connection)
    .await
}

impl Row {
    fn movement(self, books: &Open, balance: i64) -> Movement {
        Movement {
            place: Place {
                effective_on: self.effective_on,
                number: self.number,
                line: self.line,
            },
            memo: self.memo,
            debit: (self.amount > 0).then(|| books.money(self.amount)),
            credit: (self.amount < 0).then(|| books.money(self.amount.saturating_neg())),
            balance: books.money(balance),
            property: PropertyId(self.property_id),
            property_name: self.property_name,
            unit: UnitId(self.unit_id),
            unit_number: self.unit_number,
            lease: LeaseId(self.lease_id),
            item: self.item_id,
            bank_account: self.bank_account_id.map(BankAccountId),
            reverses: self.reverses,
            event_id: self.event_id,
            event_type: self.event_type,
            aggregate_id: self.aggregate_id,
            recorded_at: KnownTo {
                epoch: self.epoch,
                shard: self.shard,
                position: self.position,
            },
        }
    }
}

impl Table for GeneralLedger {
    const COLUMNS: &'static [&'static str] = &[
        "Date", "Entry", "Line", "Property", "Unit", "Lease", "Memo", "Debit", "Credit", "Balance", "Reverses",
        "Event", "Event id",
    ];

    fn heading(&self) -> &Heading {
        &self.heading
    }

    fn rows(&self) -> impl Iterator<Item = Vec<Cell<'_>>> {
        self.movements.iter().map(|row| {
            vec![
                Cell::Date(row.place.effective_on),
                Cell::Number(row.place.number),
                Cell::Number(row.place.line.into()),
                Cell::maybe(row.property_name.as_deref(), Cell::text),
                Cell::maybe(row.unit_number.as_deref(), Cell::text),
                Cell::text(row.lease.to_string()),
                Cell::text(&row.memo),
                Cell::maybe(row.debit, Cell::Money),
                Cell::maybe(row.credit, Cell::Money),
                Cell::Money(row.balance),
                Cell::maybe(row.reverses, Cell::Number),
                Cell::text(&row.event_type),
                Cell::text(row.event_id.to_string()),
            ]
        })
    }
}
