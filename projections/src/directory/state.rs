//! The entries that a batch of events works on: read before, written after.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sqlx::PgConnection;
use streams::ApplyError;
use uuid::Uuid;

use super::document::{AnyDocument, Document};

/// Names an entry: the organization, the kind and the thing.
pub(super) type Key = (Uuid, &'static str, Uuid);

/// An event is about a thing that no event has created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {id} was never created")]
pub struct Unknown {
    kind: &'static str,
    id: Uuid,
}

/// The entries of a batch.
#[derive(Default)]
pub(super) struct State {
    entries: HashMap<Key, Entry>,
}

struct Entry {
    document: AnyDocument,
    version: i64,
    stored: Option<Stored>,
    changed: bool,
}

/// What the database holds of an entry besides its document.
#[derive(PartialEq, Eq)]
struct Stored {
    sort: String,
    facets: BTreeSet<String>,
}

impl State {
    /// A thing begins.
    pub fn begin<D: Document>(&mut self, organization: Uuid, id: Uuid, document: D) {
        let entry = Entry {
            document: document.into_any(),
            version: 0,
            stored: None,
            changed: true,
        };
        self.entries.insert((organization, D::KIND, id), entry);
    }

    /// A thing as it is so far, to be changed.
    pub fn change<D: Document>(&mut self, organization: Uuid, id: Uuid) -> Result<&mut D, Unknown> {
        let unknown = Unknown { kind: D::KIND, id };
        let entry = self
            .entries
            .get_mut(&(organization, D::KIND, id))
            .ok_or(unknown.clone())?;
        entry.changed = true;
        D::of(&mut entry.document).ok_or(unknown)
    }

    /// Says up to which event of its aggregate an entry is told.
    pub fn reach(&mut self, key: Key, version: i64) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.version = version;
            entry.changed = true;
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    tenant_id: Uuid,
    kind: String,
    id: Uuid,
    version: i64,
    sort: String,
    facets: Vec<String>,
    document: String,
}

/// Reads the entries that are there, each by its key. Two indexes have all columns of the key, and to a server that knows nothing of
/// the table they are equal; in the order of the key there is one.
pub(super) async fn load(connection: &mut PgConnection, wanted: &HashSet<Key>) -> Result<State, ApplyError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT e.tenant_id, e.kind, e.id, version, sort, facets, document::text AS document
           FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS k (tenant_id, kind, id)
          CROSS JOIN LATERAL (
            SELECT * FROM directory_v1.entries
             WHERE tenant_id = k.tenant_id AND kind = k.kind AND id BETWEEN k.id AND k.id ORDER BY id LIMIT 1) AS e",
    )
    .bind(
        wanted
            .iter()
            .map(|(organization, ..)| *organization)
            .collect::<Vec<_>>(),
    )
    .bind(wanted.iter().map(|(_, kind, _)| *kind).collect::<Vec<_>>())
    .bind(wanted.iter().map(|(.., id)| *id).collect::<Vec<_>>())
    .fetch_all(connection)
    .await?;
    let mut state = State::default();
    for row in rows {
        let document = AnyDocument::read(&row.kind, &row.document).map_err(ApplyError::data)?;
        let document = document.ok_or_else(|| ApplyError::data(format!("`{}` is no kind of thing", row.kind)))?;
        let entry = Entry {
            version: row.version,
            stored: Some(Stored {
                sort: row.sort,
                facets: row.facets.into_iter().collect(),
            }),
            changed: false,
            document,
        };
        state
            .entries
            .insert((row.tenant_id, entry.document.kind(), row.id), entry);
    }
    Ok(state)
}

/// An entry as it is written.
struct Written {
    key: Key,
    version: i64,
    now: Stored,
    json: String,
    /// What is no longer true.
    before: Option<Stored>,
    /// Whether its facets are to be written.
    is_moved: bool,
}

/// Writes the entries that were changed: four statements, however many they are.
pub(super) async fn save(connection: &mut PgConnection, state: State) -> Result<(), ApplyError> {
    let changed: BTreeMap<Key, Entry> = state.entries.into_iter().filter(|(_, entry)| entry.changed).collect();
    let written = changed
        .into_iter()
        .map(|(key, entry)| {
            let now = Stored {
                sort: entry.document.sort(),
                facets: entry.document.facets().into_iter().collect(),
            };
            let is_moved = entry.stored.as_ref() != Some(&now);
            Ok(Written {
                key,
                version: entry.version,
                json: entry.document.json()?,
                now,
                before: entry.stored.filter(|_| is_moved),
                is_moved,
            })
        })
        .collect::<Result<Vec<_>, serde_json::Error>>()
        .map_err(ApplyError::data)?;
    if written.is_empty() {
        return Ok(());
    }
    save_entries(connection, &written).await?;
    forget_facets(connection, &written).await?;
    add_facets(connection, &written).await
}

async fn save_entries(connection: &mut PgConnection, written: &[Written]) -> Result<(), ApplyError> {
    let facets: Vec<String> = written
        .iter()
        .map(|entry| serde_json::to_string(&entry.now.facets))
        .collect::<Result<_, _>>()
        .map_err(ApplyError::data)?;
    sqlx::query(
        "INSERT INTO directory_v1.entries (tenant_id, kind, id, version, sort, facets, document)
         SELECT tenant_id, kind, id, version, sort, ARRAY(SELECT json_array_elements_text(facets::json)), document::json
           FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[])
             AS e (tenant_id, kind, id, version, sort, facets, document)
         ON CONFLICT (tenant_id, kind, id) DO UPDATE
            SET version = excluded.version, sort = excluded.sort, facets = excluded.facets, document = excluded.document",
    )
    .bind(written.iter().map(|entry| entry.key.0).collect::<Vec<_>>())
    .bind(written.iter().map(|entry| entry.key.1).collect::<Vec<_>>())
    .bind(written.iter().map(|entry| entry.key.2).collect::<Vec<_>>())
    .bind(written.iter().map(|entry| entry.version).collect::<Vec<_>>())
    .bind(written.iter().map(|entry| entry.now.sort.as_str()).collect::<Vec<_>>())
    .bind(facets)
    .bind(written.iter().map(|entry| entry.json.as_str()).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn forget_facets(connection: &mut PgConnection, written: &[Written]) -> Result<(), ApplyError> {
    let rows: Vec<(Key, &str, &str)> = written
        .iter()
        .filter_map(|entry| Some((entry.key, entry.before.as_ref()?)))
        .flat_map(|(key, before)| {
            let facets = before.facets.iter();
            facets.map(move |facet| (key, facet.as_str(), before.sort.as_str()))
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM directory_v1.facets f
          USING unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[]) AS k (tenant_id, kind, facet, sort, id)
          WHERE f.tenant_id = k.tenant_id AND f.kind = k.kind AND f.facet = k.facet AND f.sort = k.sort AND f.id = k.id",
    )
    .bind(rows.iter().map(|((tenant, ..), ..)| *tenant).collect::<Vec<_>>())
    .bind(rows.iter().map(|((_, kind, _), ..)| *kind).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, facet, _)| *facet).collect::<Vec<_>>())
    .bind(rows.iter().map(|(.., sort)| *sort).collect::<Vec<_>>())
    .bind(rows.iter().map(|((.., id), ..)| *id).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

async fn add_facets(connection: &mut PgConnection, written: &[Written]) -> Result<(), ApplyError> {
    let rows: Vec<(&Written, &str)> = written
        .iter()
        .filter(|entry| entry.is_moved)
        .flat_map(|entry| entry.now.facets.iter().map(move |facet| (entry, facet.as_str())))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO directory_v1.facets (tenant_id, kind, facet, sort, id)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[])",
    )
    .bind(rows.iter().map(|(entry, _)| entry.key.0).collect::<Vec<_>>())
    .bind(rows.iter().map(|(entry, _)| entry.key.1).collect::<Vec<_>>())
    .bind(rows.iter().map(|(_, facet)| *facet).collect::<Vec<_>>())
    .bind(
        rows.iter()
            .map(|(entry, _)| entry.now.sort.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(rows.iter().map(|(entry, _)| entry.key.2).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}
