use domain::{
    ids::OrganizationId,
    money::Money,
    postings::{Account, Class},
    span::month_after,
};
use serde::Serialize;
use sqlx::PgPool;

use super::{Cell, Heading, ReportError, Scope, Table, open, unreadable};

/// What every account comes to on a day; the debits equal the credits.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TrialBalance {
    /// What it is about.
    pub heading: Heading,
    /// The accounts that aren't at zero, by number.
    pub accounts: Vec<AccountBalance>,
    /// The sum of the debits.
    pub debit: Money,
    /// The sum of the credits.
    pub credit: Money,
}

/// What an account comes to, on one side.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AccountBalance {
    /// Its number.
    pub account: i16,
    /// What it is called.
    pub name: &'static str,
    /// What it is counted as.
    pub class: Class,
    /// Where debits outweigh credits, by how much; else zero.
    pub debit: Money,
    /// Where credits outweigh debits, by how much; else zero.
    pub credit: Money,
}

/// What every account came to when a day was over.
///
/// # Errors
/// A read model that can't be read.
pub async fn trial_balance(
    app: &PgPool,
    organization: OrganizationId,
    scope: Scope,
) -> Result<TrialBalance, ReportError> {
    let mut books = open(app, organization, &scope, None).await?;
    let rows: Vec<(i16, i64)> = sqlx::query_as(
        "SELECT account, sum(CASE WHEN $1 THEN cash ELSE accrual END)::bigint AS amount
           FROM (SELECT account, accrual, cash FROM ledger_v2.balances_by_month WHERE scope = $2 AND month < $3
                 UNION ALL
                 SELECT account, accrual, cash FROM ledger_v2.balances WHERE scope = $2 AND day BETWEEN $3 AND $4) AS m
          GROUP BY account HAVING sum(CASE WHEN $1 THEN cash ELSE accrual END) <> 0 ORDER BY account",
    )
    .bind(scope.is_cash())
    .bind(scope.id(organization))
    .bind(month_after(scope.as_of, 0))
    .bind(scope.as_of)
    .fetch_all(&mut *books.tx)
    .await?;
    let mut accounts = Vec::with_capacity(rows.len());
    for (code, amount) in rows {
        let account = Account::try_from(code).map_err(unreadable)?;
        accounts.push(AccountBalance {
            account: code,
            name: account.name(),
            class: account.class(),
            debit: books.money(amount.max(0)),
            credit: books.money(amount.min(0).saturating_neg()),
        });
    }
    let sum = |side: fn(&AccountBalance) -> Money| accounts.iter().map(side).map(|amount| amount.minor).sum();
    Ok(TrialBalance {
        debit: books.money(sum(|account| account.debit)),
        credit: books.money(sum(|account| account.credit)),
        heading: books.heading,
        accounts,
    })
}

impl Table for TrialBalance {
    const COLUMNS: &'static [&'static str] = &["Account", "Name", "Debit", "Credit"];

    fn heading(&self) -> &Heading {
        &self.heading
    }

    fn rows(&self) -> impl Iterator<Item = Vec<Cell<'_>>> {
        self.accounts.iter().map(|row| {
            vec![
                Cell::Number(row.account.into()),
                Cell::text(row.name),
                Cell::Money(row.debit),
                Cell::Money(row.credit),
            ]
        })
    }
}
