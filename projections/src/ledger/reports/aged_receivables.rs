use domain::{
    ids::{LeaseId, OrganizationId, PropertyId, UnitId},
    money::Money,
    postings::Basis,
};
use serde::Serialize;
use sqlx::{FromRow, PgPool, types::Json};
use uuid::Uuid;

use super::{Cell, Heading, OPEN_ITEMS, Open, RENTERS, Renter, ReportError, Scope, Table, names, open};

/// What residents owe, by how long it has been due. What it sums to is the balance of 1200.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AgedReceivables {
    /// What it is about.
    pub heading: Heading,
    /// The leases on which something is owed or in credit, by property and unit.
    pub leases: Vec<Debtor>,
    /// The sums over all leases.
    pub totals: Ages,
}

/// A lease on which something is owed or in credit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Debtor {
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
    /// How much, how old.
    #[serde(flatten)]
    pub ages: Ages,
}

/// What is owed, by the days since it was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Ages {
    /// Due on a later day.
    pub not_yet_due: Money,
    /// Due today and up to 30 days ago.
    pub days_0_to_30: Money,
    /// Due 31 to 60 days ago.
    pub days_31_to_60: Money,
    /// Due 61 to 90 days ago.
    pub days_61_to_90: Money,
    /// Due more than 90 days ago.
    pub over_90_days: Money,
    /// All of it.
    pub total: Money,
    /// What is in the residents' favour and not used, beside what is owed; below zero where a bank took back what had been
    /// refunded.
    pub credit: Money,
}

#[derive(FromRow)]
struct Row {
    lease_id: Uuid,
    property_id: Uuid,
    property_name: String,
    unit_id: Uuid,
    unit_number: String,
    residents: Json<Vec<Renter>>,
    not_yet_due: i64,
    days_0_to_30: i64,
    days_31_to_60: i64,
    days_61_to_90: i64,
    over_90_days: i64,
    credit: i64,
}

/// What residents owed when a day was over, by how long it had been due.
///
/// # Errors
/// A read model that can't be read.
pub async fn aged_receivables(
    app: &PgPool,
    organization: OrganizationId,
    scope: Scope,
) -> Result<AgedReceivables, ReportError> {
    // Who owes is not known to the cash view.
    let scope = Scope {
        basis: Basis::Accrual,
        ..scope
    };
    let mut books = open(app, organization, &scope, None).await?;
    let rows: Vec<Row> = sqlx::query_as(&format!(
        "WITH open AS ({OPEN_ITEMS}),
         ages AS (
           SELECT i.lease_id, i.account = 2200 AS credit, $1 - i.due_on AS days, o.amount
             FROM open o JOIN ledger_v2.items i ON i.id = o.id
            WHERE i.account IN (1200, 2200) AND ($2::uuid IS NULL OR i.property_id = $2)),
         sums AS (
           SELECT lease_id,
                  coalesce(sum(amount) FILTER (WHERE NOT credit AND days < 0), 0)::bigint AS not_yet_due,
                  coalesce(sum(amount) FILTER (WHERE NOT credit AND days BETWEEN 0 AND 30), 0)::bigint AS days_0_to_30,
                  coalesce(sum(amount) FILTER (WHERE NOT credit AND days BETWEEN 31 AND 60), 0)::bigint AS days_31_to_60,
                  coalesce(sum(amount) FILTER (WHERE NOT credit AND days BETWEEN 61 AND 90), 0)::bigint AS days_61_to_90,
                  coalesce(sum(amount) FILTER (WHERE NOT credit AND days > 90), 0)::bigint AS over_90_days,
                  coalesce(-sum(amount) FILTER (WHERE credit), 0)::bigint AS credit
             FROM ages GROUP BY lease_id)
         SELECT s.*, p.id AS property_id, p.name AS property_name, u.id AS unit_id, u.number AS unit_number,
                {RENTERS} AS residents
           FROM sums s
           JOIN ledger_v2.leases l ON l.id = s.lease_id
           JOIN ledger_v2.properties p ON p.id = l.property_id
           JOIN ledger_v2.units u ON u.id = l.unit_id
          ORDER BY p.name, p.id, length(u.number), u.number, s.lease_id"
    ))
    .bind(scope.as_of)
    .bind(scope.property_id())
    .fetch_all(&mut *books.tx)
    .await?;
    let leases: Vec<Debtor> = rows.into_iter().map(|row| row.debtor(&books)).collect();
    let sum = |part: fn(&Ages) -> Money| books.money(leases.iter().map(|debtor| part(&debtor.ages).minor).sum());
    Ok(AgedReceivables {
        totals: Ages {
            not_yet_due: sum(|ages| ages.not_yet_due),
            days_0_to_30: sum(|ages| ages.days_0_to_30),
            days_31_to_60: sum(|ages| ages.days_31_to_60),
            days_61_to_90: sum(|ages| ages.days_61_to_90),
            over_90_days: sum(|ages| ages.over_90_days),
            total: sum(|ages| ages.total),
            credit: sum(|ages| ages.credit),
        },
        leases,
        heading: books.heading,
    })
}

impl Row {
    fn debtor(self, books: &Open) -> Debtor {
        let total = self.not_yet_due + self.days_0_to_30 + self.days_31_to_60 + self.days_61_to_90 + self.over_90_days;
        Debtor {
            lease: LeaseId(self.lease_id),
            property: PropertyId(self.property_id),
            property_name: self.property_name,
            unit: UnitId(self.unit_id),
            unit_number: self.unit_number,
            residents: self.residents.0,
            ages: Ages {
                not_yet_due: books.money(self.not_yet_due),
                days_0_to_30: books.money(self.days_0_to_30),
                days_31_to_60: books.money(self.days_31_to_60),
                days_61_to_90: books.money(self.days_61_to_90),
                over_90_days: books.money(self.over_90_days),
                total: books.money(total),
                credit: books.money(self.credit),
            },
        }
    }
}

impl Table for AgedReceivables {
    const COLUMNS: &'static [&'static str] = &[
        "Property",
        "Unit",
        "Tenant",
        "Lease",
        "Not yet due",
        "0-30",
        "31-60",
        "61-90",
        "Over 90",
        "Total",
        "Credit",
    ];

    fn heading(&self) -> &Heading {
        &self.heading
    }

    fn rows(&self) -> impl Iterator<Item = Vec<Cell<'_>>> {
        self.leases.iter().map(|row| {
            vec![
                Cell::text(&row.property_name),
                Cell::text(&row.unit_number),
                Cell::text(names(&row.residents)),
                Cell::text(row.lease.to_string()),
                Cell::Money(row.ages.not_yet_due),
                Cell::Money(row.ages.days_0_to_30),
                Cell::Money(row.ages.days_31_to_60),
                Cell::Money(row.ages.days_61_to_90),
                Cell::Money(row.ages.over_90_days),
                Cell::Money(row.ages.total),
                Cell::Money(row.ages.credit),
            ]
        })
    }
}
