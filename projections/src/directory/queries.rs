//! Lists and details.

use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use super::document::{Document, WHOLE};

/// A thing with its id and the sequence of its aggregate.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Entry<D> {
    /// Which thing.
    pub id: Uuid,
    /// The last sequence of its aggregate that the document tells: its `ETag`; 0 for what is part of another aggregate.
    pub version: i64,
    /// Its present state.
    #[serde(flatten)]
    pub document: D,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<D> {
    /// The things, in the order of the list.
    pub entries: Vec<Entry<D>>,
    /// Where the next page begins; none after the last.
    pub next: Option<Place>,
}

/// A place in a list: behind this thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// What the thing is sorted by.
    pub sort: String,
    /// The thing.
    pub id: Uuid,
}

/// Which part of which list.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    facets: Vec<String>,
    until: Option<String>,
    after: Option<Place>,
    limit: i64,
}

impl Listing {
    /// The first page of a whole list, of so many things.
    #[must_use]
    pub fn of(limit: u16) -> Self {
        Self {
            limit: i64::from(limit),
            ..Self::default()
        }
    }

    /// Only things with this facet, such as `("property", id)` or `("status", "open")`. The one that leaves the fewest things
    /// comes first: the page is read off its index, the others are looked at thing by thing.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.facets.push(format!("{name}:{value}"));
        self
    }

    /// Only things with this facet, if there is one.
    #[must_use]
    pub fn with_if(self, name: &str, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Only things sorted no later than this, such as charges due by a day.
    #[must_use]
    pub fn until(mut self, sort: impl std::fmt::Display) -> Self {
        self.until = Some(sort.to_string());
        self
    }

    /// The page behind this place.
    #[must_use]
    pub fn after(mut self, place: Option<Place>) -> Self {
        self.after = place;
        self
    }
}

#[derive(sqlx::FromRow)]
struct Row<D> {
    id: Uuid,
    version: i64,
    sort: String,
    document: Json<D>,
}

/// A thing in the transaction that [`store::organization::read`] opened; `None` if the organization has no such thing.
///
/// # Errors
/// Passes on what the database says.
pub async fn get<D: Document + Unpin>(
    connection: &mut PgConnection,
    organization: Uuid,
    id: impl Into<Uuid> + Send,
) -> Result<Option<Entry<D>>, sqlx::Error> {
    let found: Option<Row<D>> = sqlx::query_as(
        "SELECT id, version, sort, document FROM directory_v2.entries WHERE tenant_id = $1 AND kind = $2 AND id = $3",
    )
    .bind(organization)
    .bind(D::KIND)
    .bind(id.into())
    .fetch_optional(connection)
    .await?;
    Ok(found.map(entry))
}

/// A page of a list in the transaction that [`store::organization::read`] opened.
///
/// # Errors
/// Passes on what the database says.
pub async fn list<D: Document + Unpin>(
    connection: &mut PgConnection,
    organization: Uuid,
    listing: &Listing,
) -> Result<Page<D>, sqlx::Error> {
    let mut rows: Vec<Row<D>> = page_query::<D>(organization, listing)
        .build_query_as()
        .fetch_all(connection)
        .await?;
    let limit = usize::try_from(listing.limit).unwrap_or_default();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Place {
        sort: row.sort.clone(),
        id: row.id,
    });
    Ok(Page {
        entries: rows.into_iter().map(entry).collect(),
        next,
    })
}

/// One more than the page holds, to know whether there is a next.
pub(super) fn page_query<D: Document>(organization: Uuid, listing: &Listing) -> QueryBuilder<'_, Postgres> {
    let (before, order) = if D::NEWEST_FIRST { ("<", "DESC") } else { (">", "ASC") };
    let first = listing.facets.first().map_or(WHOLE, String::as_str);
    let others = listing.facets.get(1..).unwrap_or_default();
    let mut query = QueryBuilder::new(
        "SELECT e.id, e.version, e.sort, e.document
           FROM directory_v2.facets i JOIN directory_v2.entries e USING (tenant_id, kind, id) WHERE i.tenant_id = ",
    );
    query.push_bind(organization).push(" AND i.kind = ").push_bind(D::KIND);
    query.push(" AND i.facet = ").push_bind(first);
    if !others.is_empty() {
        query.push(" AND e.facets @> ").push_bind(others);
    }
    if let Some(place) = &listing.after {
        query
            .push(format!(" AND (i.sort, i.id) {before} ("))
            .push_bind(&place.sort);
        query.push(", ").push_bind(place.id).push(")");
    }
    if let Some(until) = &listing.until {
        query.push(" AND i.sort <= ").push_bind(until);
    }
    query.push(format!(" ORDER BY i.sort {order}, i.id {order} LIMIT "));
    query.push_bind(listing.limit + 1);
    query
}

fn entry<D>(row: Row<D>) -> Entry<D> {
    Entry {
        id: row.id,
        version: row.version,
        document: row.document.0,
    }
}
