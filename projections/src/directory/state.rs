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

/// Reads the entries that are there.
pub(super) async fn load(connection: &mut PgConnection, wanted: &HashSet<Key>) -> Result<State, ApplyError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT tenant_id, kind, id, version, sort, facets, document::text AS document
           FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS k (tenant_id, kind, id)
           JOIN directory_v2.entries USING (tenant_id, kind, id)",
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
    /// What the database held of it.
    before: Option<Stored>,
}

impl Written {
    /// The facets of `one` that `other` doesn't have in the same place.
    fn only_in<'a>(&self, one: &'a Stored, other: Option<&'a Stored>) -> impl Iterator<Item = Place<'a>> {
        let key = self.key;
        let same = other.filter(|other| other.sort == one.sort);
        let only = move |facet: &&String| !same.is_some_and(|other| other.facets.contains(*facet));
        one.facets.iter().filter(only).map(move |facet| Place {
            key,
            facet,
            sort: &one.sort,
        })
    }
}

/// Where an entry stands in the list of a facet.
struct Place<'a> {
    key: Key,
    facet: &'a str,
    sort: &'a str,
}

/// Writes the entries that were changed: four statements, however many they are.
pub(super) async fn save(connection: &mut PgConnection, state: State) -> Result<(), ApplyError> {
    let changed: BTreeMap<Key, Entry> = state.entries.into_iter().filter(|(_, entry)| entry.changed).collect();
    let written = changed
        .into_iter()
        .map(|(key, entry)| {
            Ok(Written {
                key,
                version: entry.version,
                json: entry.document.json()?,
                now: Stored {
                    sort: entry.document.sort(),
                    facets: entry.document.facets(),
                },
                before: entry.stored,
            })
        })
        .collect::<Result<Vec<_>, serde_json::Error>>()
        .map_err(ApplyError::data)?;
    let (known, new): (Vec<_>, Vec<_>) = written.iter().partition(|entry| entry.before.is_some());
    write(connection, ADD, &new).await?;
    write(connection, CHANGE, &known).await?;
    let gone = written.iter().filter_map(|entry| {
        let before = entry.before.as_ref()?;
        Some(entry.only_in(before, Some(&entry.now)))
    });
    stand(connection, FORGET, &gone.flatten().collect::<Vec<_>>()).await?;
    let come = written
        .iter()
        .flat_map(|entry| entry.only_in(&entry.now, entry.before.as_ref()));
    stand(connection, PLACE, &come.collect::<Vec<_>>()).await
}

const ADD: &str = "\
    INSERT INTO directory_v2.entries (tenant_id, kind, id, version, sort, facets, document)
    SELECT tenant_id, kind, id, version, sort, facets::text[], document::json
      FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[])
        AS n (tenant_id, kind, id, version, sort, facets, document)";
const CHANGE: &str = "\
    UPDATE directory_v2.entries e
       SET version = n.version, sort = n.sort, facets = n.facets::text[], document = n.document::json
      FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[])
        AS n (tenant_id, kind, id, version, sort, facets, document)
     WHERE e.tenant_id = n.tenant_id AND e.kind = n.kind AND e.id = n.id";

async fn write(connection: &mut PgConnection, statement: &str, written: &[&Written]) -> Result<(), ApplyError> {
    if written.is_empty() {
        return Ok(());
    }
    let column = |value: fn(&Written) -> &str| written.iter().map(|entry| value(entry)).collect::<Vec<_>>();
    sqlx::query(statement)
        .bind(written.iter().map(|entry| entry.key.0).collect::<Vec<_>>())
        .bind(column(|entry| entry.key.1))
        .bind(written.iter().map(|entry| entry.key.2).collect::<Vec<_>>())
        .bind(written.iter().map(|entry| entry.version).collect::<Vec<_>>())
        .bind(column(|entry| &entry.now.sort))
        .bind(written.iter().map(|entry| array(&entry.now.facets)).collect::<Vec<_>>())
        .bind(column(|entry| &entry.json))
        .execute(connection)
        .await?;
    Ok(())
}

/// As PostgreSQL reads an array of text: `{"status:open","lease:…"}`.
fn array(facets: &BTreeSet<String>) -> String {
    let quoted = facets.iter().map(|facet| {
        let facet = facet.replace('\\', r"\\").replace('"', r#"\""#);
        format!("\"{facet}\"")
    });
    format!("{{{}}}", quoted.collect::<Vec<_>>().join(","))
}

const FORGET: &str = "\
    DELETE FROM directory_v2.facets f
     USING unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[]) AS k (tenant_id, kind, facet, sort, id)
     WHERE f.tenant_id = k.tenant_id AND f.kind = k.kind AND f.facet = k.facet AND f.sort = k.sort AND f.id = k.id";
const PLACE: &str = "\
    INSERT INTO directory_v2.facets (tenant_id, kind, facet, sort, id)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[])";

async fn stand(connection: &mut PgConnection, statement: &str, places: &[Place<'_>]) -> Result<(), ApplyError> {
    if places.is_empty() {
        return Ok(());
    }
    sqlx::query(statement)
        .bind(places.iter().map(|place| place.key.0).collect::<Vec<_>>())
        .bind(places.iter().map(|place| place.key.1).collect::<Vec<_>>())
        .bind(places.iter().map(|place| place.facet).collect::<Vec<_>>())
        .bind(places.iter().map(|place| place.sort).collect::<Vec<_>>())
        .bind(places.iter().map(|place| place.key.2).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
