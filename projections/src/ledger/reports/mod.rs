//! The reports. Each states its basis, its period, up to where in the log it knows, and whether anything is missing.

mod aged_receivables;
mod general_ledger;
mod rent_roll;
mod statement;
mod table;
mod trial_balance;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{
    ids::{OrganizationId, PropertyId, ResidentId},
    money::{Currency, Money},
    postings::Basis,
};
use schemas::{Cursor, shard_of};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use streams::read_models::{self, ReadError};

pub use aged_receivables::{AgedReceivables, Ages, Debtor, aged_receivables};
pub use general_ledger::{AccountQuestion, GeneralLedger, Movement, Place, general_ledger};
pub use rent_roll::{Occupancy, RentRoll, RentRollTotals, RentRollUnit, Tenancy, rent_roll};
pub use statement::{Statement, StatementLine, lease_statement};
pub use table::{Cell, Table, csv};
pub use trial_balance::{AccountBalance, TrialBalance, trial_balance};

use super::Ledger;

/// Why a report can't be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The read model isn't there, or the server can't be asked.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Nothing of the organization has reached the ledger yet.
    #[error("the organization has no books yet")]
    NoBooks,
}

impl From<sqlx::Error> for ReportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Read(error.into())
    }
}

/// What a report is about, and what it knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Heading {
    /// Whether it counts what is earned and owed, or what was received and paid.
    pub basis: Basis,
    /// The first day of its period; absent where it counts from the beginning.
    pub from: Option<NaiveDate>,
    /// The last day that it counts.
    pub as_of: NaiveDate,
    /// The one property it is limited to.
    pub property: Option<PropertyId>,
    /// Of all its amounts.
    pub currency: Currency,
    /// The last place in the log that it knows.
    pub known_to: KnownTo,
    /// When the first event was recorded that could not be applied yet, with all that follow it; absent if none is missing.
    pub incomplete_since: Option<DateTime<Utc>>,
}

/// A place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KnownTo {
    /// The life of the log.
    pub epoch: i32,
    /// The part of the log that the organization lives in.
    pub shard: i16,
    /// The position there; 0 before the first.
    pub position: i64,
}

impl From<Cursor> for KnownTo {
    fn from(cursor: Cursor) -> Self {
        Self {
            epoch: cursor.epoch,
            shard: cursor.shard.as_i16(),
            position: cursor.position,
        }
    }
}

/// A person who rents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Renter {
    /// The resident.
    pub id: ResidentId,
    /// The name; absent once it was erased.
    pub name: Option<String>,
}

/// The renters of a lease `l`, in the order of the lease, as JSON. Each name is looked up for itself: a join might read all residents.
const RENTERS: &str = "(SELECT coalesce(jsonb_agg(jsonb_build_object('id', r.id,
     'name', (SELECT n.name FROM ledger_v2.residents n WHERE n.id = r.id)) ORDER BY r.place), '[]')
   FROM unnest(l.residents) WITH ORDINALITY AS r (id, place))";

/// What each charge, credit and deposit came to when day `$1` was over: what it comes to now less what came later.
const OPEN_ITEMS: &str = "SELECT id, sum(amount)::bigint AS amount
   FROM (SELECT id, balance AS amount FROM ledger_v2.items WHERE account IN (1200, 2100, 2200) AND balance <> 0
         UNION ALL
         SELECT item_id, -amount FROM ledger_v2.lines WHERE account IN (1200, 2100, 2200) AND effective_on > $1) AS m
  GROUP BY id HAVING sum(amount) <> 0";

fn names(renters: &[Renter]) -> String {
    let names: Vec<&str> = renters.iter().filter_map(|renter| renter.name.as_deref()).collect();
    names.join(", ")
}

/// What a report is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Which view of the books.
    pub basis: Basis,
    /// The last day that counts.
    pub as_of: NaiveDate,
    /// One property only.
    pub property: Option<PropertyId>,
}

impl Scope {
    /// All properties, by what is earned and owed.
    #[must_use]
    pub const fn as_of(as_of: NaiveDate) -> Self {
        Self {
            basis: Basis::Accrual,
            as_of,
            property: None,
        }
    }

    fn property_id(&self) -> Option<uuid::Uuid> {
        self.property.map(|property| property.0)
    }

    /// Whose sums: of the property, or of the whole organization.
    fn id(&self, organization: OrganizationId) -> uuid::Uuid {
        self.property_id().unwrap_or(organization.0)
    }

    fn is_cash(&self) -> bool {
        self.basis == Basis::Cash
    }
}

/// The books of an organization, open at one moment.
struct Open {
    tx: Transaction<'static, Postgres>,
    heading: Heading,
}

impl Open {
    fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.heading.currency)
    }
}

async fn open(
    app: &PgPool,
    organization: OrganizationId,
    scope: &Scope,
    from: Option<NaiveDate>,
) -> Result<Open, ReportError> {
    let mut reading = read_models::read(app, organization, Ledger::NAME, Ledger::VERSION).await?;
    let (currency, known_to) = books(&mut reading.tx, organization).await?;
    let currency = currency.ok_or(ReportError::NoBooks)?.parse().map_err(unreadable)?;
    Ok(Open {
        heading: Heading {
            basis: scope.basis,
            from,
            as_of: scope.as_of,
            property: scope.property,
            currency,
            known_to,
            incomplete_since: reading.incomplete_since,
        },
        tx: reading.tx,
    })
}

/// The currency of the organization's books, if there are any, and up to where they are kept.
async fn books(
    connection: &mut PgConnection,
    organization: OrganizationId,
) -> Result<(Option<String>, KnownTo), sqlx::Error> {
    let shard = shard_of(organization).as_i16();
    let (currency, epoch, position) = sqlx::query_as(
        "SELECT (SELECT currency FROM ledger_v2.organizations), epoch, position
           FROM checkpoints WHERE projection = $1 AND version = $2 AND shard = $3",
    )
    .bind(Ledger::NAME)
    .bind(Ledger::VERSION.cast_signed())
    .bind(shard)
    .fetch_one(connection)
    .await?;
    let known_to = KnownTo { epoch, shard, position };
    Ok((currency, known_to))
}

/// What stands in a column and can't be what was written there.
fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
