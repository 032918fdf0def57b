use chrono::NaiveDate;
use domain::{
    ids::{LeaseId, OrganizationId, PropertyId, UnitId},
    money::Money,
    postings::Basis,
    span::Span,
};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool, types::Json};
use uuid::Uuid;

use super::{Cell, Heading, OPEN_ITEMS, Open, RENTERS, Renter, ReportError, Scope, Table, names, open};

/// Every unit on a day, rented or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RentRoll {
    /// What it is about.
    pub heading: Heading,
    /// By property and number.
    pub units: Vec<RentRollUnit>,
    /// The sums over all units.
    pub totals: RentRollTotals,
}

/// A unit, and the lease that has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RentRollUnit {
    /// The unit.
    pub unit: UnitId,
    /// Its number.
    pub unit_number: String,
    /// Its property.
    pub property: PropertyId,
    /// What the property is called.
    pub property_name: String,
    /// Bedrooms.
    pub bedrooms: i16,
    /// Bathrooms, counted in halves: 3 is one and a half.
    pub half_baths: i16,
    /// Area in square feet.
    pub square_feet: Option<i32>,
    /// What it would rent for a month.
    pub market_rent: Money,
    /// Whether someone has it.
    pub occupancy: Occupancy,
    /// The lease that has it, if one does.
    pub tenancy: Option<Tenancy>,
}

/// Whether someone has a unit, and whether someone will.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Occupancy {
    /// A lease has it, and no notice was given.
    Current,
    /// Notice was given, and nobody has it afterwards.
    NoticeUnrented,
    /// Notice was given, and a later lease has it afterwards.
    NoticeRented,
    /// Nobody has it, now or later.
    VacantUnrented,
    /// Nobody has it now; a later lease does.
    VacantRented,
    /// It cannot be rented.
    Offline,
}

/// The lease that has a unit.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Tenancy {
    /// The lease.
    pub lease: LeaseId,
    /// Its residents.
    pub residents: Vec<Renter>,
    /// The first day of the term that runs.
    pub lease_from: NaiveDate,
    /// The last day of that term; absent from month to month.
    pub lease_to: Option<NaiveDate>,
    /// The day they moved in, once they did.
    pub moved_in_on: Option<NaiveDate>,
    /// The last day, once notice was given.
    pub moves_out_on: Option<NaiveDate>,
    /// The rent of a whole month, without tax.
    pub rent: Money,
    /// What is charged every month beside it, tax included.
    pub recurring: Money,
    /// What is held as deposits.
    pub deposits_held: Money,
    /// What is owed less what is in the residents' favour.
    pub balance: Money,
}

/// The sums of a rent roll.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RentRollTotals {
    /// All units.
    pub units: usize,
    /// Those that a lease has.
    pub occupied: usize,
    /// What all of them would rent for.
    pub market_rent: Money,
    /// What is charged for those that are rented.
    pub rent: Money,
    /// What is charged beside it.
    pub recurring: Money,
    /// What is held as deposits.
    pub deposits_held: Money,
    /// What is owed less what is in the residents' favour.
    pub balance: Money,
}

#[derive(FromRow)]
struct Row {
    unit_id: Uuid,
    unit_number: String,
    property_id: Uuid,
    property_name: String,
    bedrooms: i16,
    half_baths: i16,
    square_feet: Option<i32>,
    market_rent: i64,
    offline: Json<Vec<Span>>,
    rented_later: bool,
    #[sqlx(flatten)]
    lease: LeaseRow,
}

/// All absent if no lease has the unit.
#[derive(FromRow)]
struct LeaseRow {
    lease_id: Option<Uuid>,
    residents: Option<Json<Vec<Renter>>>,
    terms: Option<Json<Vec<Span>>>,
    rents: Option<Json<Vec<RentRow>>>,
    recurring: Option<Json<Vec<RecurringRow>>>,
    leased_to: Option<NaiveDate>,
    notice_given_on: Option<NaiveDate>,
    moved_in_on: Option<NaiveDate>,
    deposits_held: i64,
    balance: i64,
}

#[derive(Deserialize)]
struct RentRow {
    from: NaiveDate,
    rent: i64,
}

#[derive(Deserialize)]
struct RecurringRow {
    #[serde(flatten)]
    days: Span,
    amount: i64,
}

/// Every unit when a day was over. What is known of a unit itself is as of now.
///
/// # Errors
/// A read model that can't be read.
pub async fn rent_roll(app: &PgPool, organization: OrganizationId, scope: Scope) -> Result<RentRoll, ReportError> {
    // What is owed is not known to the cash view.
    let scope = Scope {
        basis: Basis::Accrual,
        ..scope
    };
    let mut books = open(app, organization, &scope, None).await?;
    let rows: Vec<Row> = sqlx::query_as(&format!(
        "WITH sums AS (
           SELECT i.lease_id, coalesce(-sum(o.amount) FILTER (WHERE i.account = 2100), 0)::bigint AS deposits_held,
                  coalesce(sum(o.amount) FILTER (WHERE i.account <> 2100), 0)::bigint AS balance
             FROM ({OPEN_ITEMS}) AS o JOIN ledger_v2.items i ON i.id = o.id GROUP BY i.lease_id)
         SELECT u.id AS unit_id, u.number AS unit_number, p.id AS property_id, p.name AS property_name, u.bedrooms,
                u.half_baths, u.square_feet, u.market_rent, u.offline,
                EXISTS (SELECT FROM ledger_v2.leases f WHERE f.unit_id = u.id AND f.leased_from > $1) AS rented_later,
                l.id AS lease_id, CASE WHEN l.id IS NOT NULL THEN {RENTERS} END AS residents, l.terms, l.rents, l.recurring,
                l.leased_to, l.notice_given_on, l.moved_in_on, coalesce(s.deposits_held, 0) AS deposits_held,
                coalesce(s.balance, 0) AS balance
           FROM ledger_v2.units u
           JOIN ledger_v2.properties p ON p.id = u.property_id
           LEFT JOIN ledger_v2.leases l
             ON l.unit_id = u.id AND l.leased_from <= $1 AND (l.leased_to IS NULL OR l.leased_to > $1)
           LEFT JOIN sums s ON s.lease_id = l.id
          WHERE $2::uuid IS NULL OR p.id = $2
          ORDER BY p.name, p.id, length(u.number), u.number, u.id"
    ))
    .bind(scope.as_of)
    .bind(scope.property_id())
    .fetch_all(&mut *books.tx)
    .await?;
    let units: Vec<RentRollUnit> = rows.into_iter().map(|row| row.unit(&books)).collect();
    Ok(RentRoll {
        totals: totals(&books, &units),
        units,
        heading: books.heading,
    })
}

fn totals(books: &Open, units: &[RentRollUnit]) -> RentRollTotals {
    let rented = || units.iter().filter_map(|unit| unit.tenancy.as_ref());
    let sum = |part: fn(&Tenancy) -> Money| books.money(rented().map(|tenancy| part(tenancy).minor).sum());
    RentRollTotals {
        units: units.len(),
        occupied: rented().count(),
        market_rent: books.money(units.iter().map(|unit| unit.market_rent.minor).sum()),
        rent: sum(|tenancy| tenancy.rent),
        recurring: sum(|tenancy| tenancy.recurring),
        deposits_held: sum(|tenancy| tenancy.deposits_held),
        balance: sum(|tenancy| tenancy.balance),
    }
}

impl Row {
    fn unit(self, books: &Open) -> RentRollUnit {
        let today = books.heading.as_of;
        let on_notice = self.lease.notice_given_on.is_some_and(|given_on| given_on <= today);
        let offline = self.offline.iter().any(|span| span.contains(today));
        let tenancy = self.lease.tenancy(books, on_notice);
        let occupancy = match (&tenancy, self.rented_later) {
            (Some(_), _) if !on_notice => Occupancy::Current,
            (Some(_), true) => Occupancy::NoticeRented,
            (Some(_), false) => Occupancy::NoticeUnrented,
            (None, _) if offline => Occupancy::Offline,
            (None, true) => Occupancy::VacantRented,
            (None, false) => Occupancy::VacantUnrented,
        };
        RentRollUnit {
            unit: UnitId(self.unit_id),
            unit_number: self.unit_number,
            property: PropertyId(self.property_id),
            property_name: self.property_name,
            bedrooms: self.bedrooms,
            half_baths: self.half_baths,
            square_feet: self.square_feet,
            market_rent: books.money(self.market_rent),
            occupancy,
            tenancy,
        }
    }
}

impl LeaseRow {
    fn tenancy(self, books: &Open, on_notice: bool) -> Option<Tenancy> {
        let today = books.heading.as_of;
        let Json(terms) = self.terms?;
        let term = terms.iter().rfind(|term| term.from <= today).or(terms.first())?;
        let Json(mut rents) = self.rents?;
        rents.retain(|rent| rent.from <= today);
        let rent = rents.iter().max_by_key(|rent| rent.from).map_or(0, |rent| rent.rent);
        let Json(mut recurring) = self.recurring?;
        recurring.retain(|charge| charge.days.contains(today));
        Some(Tenancy {
            lease: LeaseId(self.lease_id?),
            residents: self.residents?.0,
            lease_from: term.from,
            lease_to: term.last_day(),
            moved_in_on: self.moved_in_on.filter(|day| *day <= today),
            moves_out_on: self.leased_to.filter(|_| on_notice).and_then(|to| to.pred_opt()),
            rent: books.money(rent),
            recurring: books.money(recurring.iter().map(|charge| charge.amount).sum()),
            deposits_held: books.money(self.deposits_held),
            balance: books.money(self.balance),
        })
    }
}

impl Occupancy {
    /// As property managers' systems write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Current => "Current",
            Self::NoticeUnrented => "Notice-Unrented",
            Self::NoticeRented => "Notice-Rented",
            Self::VacantUnrented => "Vacant-Unrented",
            Self::VacantRented => "Vacant-Rented",
            Self::Offline => "Down",
        }
    }
}

/// With the columns that property managers' systems export, and that the import reads.
impl Table for RentRoll {
    const COLUMNS: &'static [&'static str] = &[
        "Property",
        "Unit",
        "Tenant",
        "Status",
        "BD/BA",
        "Sqft",
        "Market Rent",
        "Rent",
        "Other Charges",
        "Deposit",
        "Lease From",
        "Lease To",
        "Move-in",
        "Move-out",
        "Past Due",
    ];

    fn heading(&self) -> &Heading {
        &self.heading
    }

    fn rows(&self) -> impl Iterator<Item = Vec<Cell<'_>>> {
        self.units.iter().map(|row| {
            let of_lease = |cell: fn(&Tenancy) -> Cell<'_>| Cell::maybe(row.tenancy.as_ref(), cell);
            vec![
                Cell::text(&row.property_name),
                Cell::text(&row.unit_number),
                of_lease(|lease| Cell::text(names(&lease.residents))),
                Cell::text(row.occupancy.name()),
                Cell::text(rooms(row)),
                Cell::maybe(row.square_feet, |feet| Cell::Number(feet.into())),
                Cell::Money(row.market_rent),
                of_lease(|lease| Cell::Money(lease.rent)),
                of_lease(|lease| Cell::Money(lease.recurring)),
                of_lease(|lease| Cell::Money(lease.deposits_held)),
                of_lease(|lease| Cell::Date(lease.lease_from)),
                of_lease(|lease| Cell::maybe(lease.lease_to, Cell::Date)),
                of_lease(|lease| Cell::maybe(lease.moved_in_on, Cell::Date)),
                of_lease(|lease| Cell::maybe(lease.moves_out_on, Cell::Date)),
                of_lease(|lease| Cell::Money(lease.balance)),
            ]
        })
    }
}

/// `2/1.5`.
fn rooms(unit: &RentRollUnit) -> String {
    let half = if unit.half_baths % 2 == 1 { ".5" } else { "" };
    format!("{}/{}{half}", unit.bedrooms, unit.half_baths / 2)
}
