//! The index on disk, and what has changed since its last commit.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
    thread,
};

use domain::ids::OrganizationId;
use serde::{Serialize, de::DeserializeOwned};
use tantivy::{
    Directory, Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, TantivyError, Term,
    collector::DocSetCollector,
    directory::{INDEX_WRITER_LOCK, error::LockError},
    query::{Query, TermQuery},
    schema::{Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value},
    tokenizer::{AsciiFoldingFilter, LowerCaser, RemoveLongFilter, SimpleTokenizer, TextAnalyzer},
};
use uuid::Uuid;

use super::entry::Entry;

/// The tokenizer of every word in the index and in queries: letters and digits, lower case, accents folded.
pub(super) const WORDS: &str = "words";

/// What the index writer may hold in memory before it writes a segment, in bytes.
const WRITER_MEMORY: usize = 50_000_000;

/// How much lower the priority of merges is, which nobody waits for.
#[cfg(target_os = "linux")]
const GIVE_WAY: i32 = 10;

/// Why the index could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// An event is about a thing that no event has created.
    #[error("{id} was never created")]
    Unknown {
        /// The thing.
        id: Uuid,
    },
    /// The index failed: disk, lock, corruption.
    #[error("the search index failed: {0}")]
    Index(#[from] TantivyError),
    /// What is stored is not what this version stores.
    #[error("the search index holds what this version can't read: {0}")]
    Stored(#[from] serde_json::Error),
}

/// The fields of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// `organization/id`: names the document.
    pub key: Field,
    /// The organization.
    pub organization: Field,
    /// The kind.
    pub kind: Field,
    /// The state.
    pub status: Field,
    /// `organization/id` of what it links to.
    pub links: Field,
    /// The words of its title.
    pub title: Field,
    /// All other words.
    pub text: Field,
    /// The whole [`Entry`].
    pub entry: Field,
}

/// The entries: those of the last commit in the index, those changed since in memory.
pub struct Shelf {
    fields: Fields,
    index: Index,
    writer: IndexWriter,
    reader: IndexReader,
    changed: HashMap<(OrganizationId, Uuid), Entry>,
    forget: bool,
}

impl Shelf {
    /// Opens the index in a folder, or makes an empty one there.
    ///
    /// # Errors
    /// If the folder can't be used, or another process writes to it.
    pub fn open(folder: &Path) -> Result<Self, ShelfError> {
        std::fs::create_dir_all(folder).map_err(TantivyError::from)?;
        let (schema, fields) = schema();
        let directory = tantivy::directory::MmapDirectory::open(folder).map_err(TantivyError::from)?;
        let index = Index::open_or_create(directory, schema)?;
        let words = TextAnalyzer::builder(SimpleTokenizer::default())
            .filter(RemoveLongFilter::limit(80))
            .filter(LowerCaser)
            .filter(AsciiFoldingFilter)
            .build();
        index.tokenizers().register(WORDS, words);
        Ok(Self {
            fields,
            writer: writer(&index)?,
            reader: index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?,
            index,
            changed: HashMap::new(),
            forget: false,
        })
    }

    /// What the last commit carried; `None` before the first.
    ///
    /// # Errors
    /// If the index can't be read, or carries something else.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<Option<T>, ShelfError> {
        payload_of(&self.index)
    }

    /// The same of the index in a folder, whoever writes to it; `None` if there is none.
    pub(super) fn payload_in<T: DeserializeOwned>(folder: &Path) -> Result<Option<T>, ShelfError> {
        match index_in(folder)? {
            Some(index) => payload_of(&index),
            None => Ok(None),
        }
    }

    /// What the last commit of the index in a folder carried, and the [dump](Self::dump) of that commit.
    pub(super) fn contents_of<T: DeserializeOwned + PartialEq>(
        folder: &Path,
    ) -> Result<Option<(T, Vec<String>)>, ShelfError> {
        let Some(index) = index_in(folder)? else {
            return Ok(None);
        };
        loop {
            let before: Option<T> = payload_of(&index)?;
            let reader: IndexReader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
            // A commit in between would be seen by the one and not by the other.
            if let Some(payload) = before
                && payload_of(&index)?.as_ref() == Some(&payload)
            {
                return Ok(Some((payload, dump(&reader.searcher(), schema().1.entry)?)));
            }
            if payload_of::<T>(&index)?.is_none() {
                return Ok(None);
            }
        }
    }

    /// Whether a process writes to the index of a folder.
    pub(super) fn is_kept(folder: &Path) -> Result<bool, ShelfError> {
        let directory = tantivy::directory::MmapDirectory::open(folder).map_err(TantivyError::from)?;
        match directory.acquire_lock(&INDEX_WRITER_LOCK) {
            Ok(_free) => Ok(false),
            Err(LockError::LockBusy) => Ok(true),
            Err(error) => Err(TantivyError::LockFailure(error, None).into()),
        }
    }

    /// How many entries wait for the next commit.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.changed.len()
    }

    /// A view of the last commit, for queries.
    #[must_use]
    pub fn library(&self) -> super::query::Library {
        super::query::Library::new(self.index.clone(), self.reader.clone(), self.fields)
    }

    pub(super) fn put(&mut self, entry: Entry) {
        self.changed.insert((entry.organization, entry.id), entry);
    }

    /// The title of a thing, empty if there is no such thing.
    pub(super) fn title(&self, organization: OrganizationId, id: Uuid) -> Result<String, ShelfError> {
        Ok(self.get(organization, id)?.map(|entry| entry.title).unwrap_or_default())
    }

    /// Changes an entry, and its title where others show it.
    pub(super) fn change(
        &mut self,
        organization: OrganizationId,
        id: Uuid,
        change: impl FnOnce(&mut Entry),
    ) -> Result<(), ShelfError> {
        let mut entry = self.get(organization, id)?.ok_or(ShelfError::Unknown { id })?;
        let before = entry.title.clone();
        change(&mut entry);
        if entry.title != before {
            for mut other in self.linking_to(organization, id)? {
                other.links.insert(id, entry.title.clone());
                self.put(other);
            }
        }
        self.put(entry);
        Ok(())
    }

    /// From the next commit on nothing of what entries held before it stays on disk.
    pub(super) fn forget(&mut self) {
        self.forget = true;
    }

    fn get(&self, organization: OrganizationId, id: Uuid) -> Result<Option<Entry>, ShelfError> {
        if let Some(entry) = self.changed.get(&(organization, id)) {
            return Ok(Some(entry.clone()));
        }
        let query = TermQuery::new(key(self.fields.key, organization, id), IndexRecordOption::Basic);
        let found = self.stored(&self.reader.searcher(), &query)?;
        Ok(found.into_iter().next())
    }

    fn linking_to(&self, organization: OrganizationId, id: Uuid) -> Result<Vec<Entry>, ShelfError> {
        let query = TermQuery::new(key(self.fields.links, organization, id), IndexRecordOption::Basic);
        let mut found = self.stored(&self.reader.searcher(), &query)?;
        found.retain(|entry| !self.changed.contains_key(&(organization, entry.id)));
        let changed = self.changed.values();
        found.extend(
            changed
                .filter(|entry| entry.organization == organization && entry.links.contains_key(&id))
                .cloned(),
        );
        Ok(found)
    }

    fn stored(&self, searcher: &Searcher, query: &dyn Query) -> Result<Vec<Entry>, ShelfError> {
        stored(searcher, query, self.fields.entry)
    }

    /// Makes all changes visible and durable, together with a note of how far they go.
    ///
    /// # Errors
    /// If the index can't be written; nothing of the changes is visible then.
    pub fn commit(&mut self, payload: &impl Serialize) -> Result<(), ShelfError> {
        if let Err(error) = self.write(&serde_json::to_string(payload)?) {
            self.writer.rollback()?;
            return Err(error);
        }
        self.changed.clear();
        self.reader.reload()?;
        if std::mem::take(&mut self.forget) {
            self.purge()?;
        }
        Ok(())
    }

    fn write(&mut self, payload: &str) -> Result<(), ShelfError> {
        for entry in self.changed.values() {
            self.writer
                .delete_term(key(self.fields.key, entry.organization, entry.id));
            self.writer.add_document(document(self.fields, entry)?)?;
        }
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(payload);
        commit.commit()?;
        Ok(())
    }

    /// Drops what was not committed.
    pub fn roll_back(&mut self) {
        self.changed.clear();
        self.forget = false;
    }

    /// Writes anew the segments that hold deleted documents, so that their words are gone from the disk too.
    fn purge(&mut self) -> Result<(), ShelfError> {
        // The files of a segment stay as long as anything holds its meta: only ids may outlive this line.
        let metas = self.index.searchable_segment_metas()?.into_iter();
        let holding: Vec<_> = metas
            .filter(tantivy::SegmentMeta::has_deletes)
            .map(|meta| meta.id())
            .collect();
        for segment in holding {
            self.writer.merge(&[segment]).wait()?;
        }
        self.reader.reload()?;
        self.writer.garbage_collect_files().wait()?;
        Ok(())
    }

    /// Every stored entry as JSON with sorted keys, in the order of organization and id: equal histories give equal dumps.
    ///
    /// # Errors
    /// If the index can't be read.
    pub fn dump(&self) -> Result<Vec<String>, ShelfError> {
        dump(&self.reader.searcher(), self.fields.entry)
    }
}

/// A writer whose threads for merges give way to those that answer; they keep the priority of the thread on which it is made.
fn writer(index: &Index) -> Result<IndexWriter, ShelfError> {
    let made = thread::scope(|scope| {
        let making = scope.spawn(|| {
            give_way();
            index.writer_with_num_threads(1, WRITER_MEMORY)
        });
        making.join()
    });
    let made = made.map_err(|_| TantivyError::SystemError("the index writer could not be made".to_owned()))?;
    Ok(made?)
}

/// Lowers the priority of this thread. Elsewhere than on Linux it would be that of the process (POSIX, nice).
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(GIVE_WAY) {
        tracing::warn!(%error, "merges of the search index have the same priority as answers");
    }
}

fn index_in(folder: &Path) -> Result<Option<Index>, ShelfError> {
    let directory = tantivy::directory::MmapDirectory::open(folder).map_err(TantivyError::from)?;
    if Index::exists(&directory).map_err(TantivyError::from)? {
        Ok(Some(Index::open(directory)?))
    } else {
        Ok(None)
    }
}

/// What the last commit of an index carried.
pub(super) fn payload_of<T: DeserializeOwned>(index: &Index) -> Result<Option<T>, ShelfError> {
    let payload = index.load_metas()?.payload;
    Ok(payload.map(|payload| serde_json::from_str(&payload)).transpose()?)
}

fn stored(searcher: &Searcher, query: &dyn Query, field: Field) -> Result<Vec<Entry>, ShelfError> {
    let found = searcher.search(query, &DocSetCollector)?;
    found
        .into_iter()
        .map(|address| read(searcher, address, field))
        .collect()
}

fn dump(searcher: &Searcher, field: Field) -> Result<Vec<String>, ShelfError> {
    let lines: BTreeSet<String> = stored(searcher, &tantivy::query::AllQuery, field)?
        .iter()
        .map(|entry| {
            let sorted: std::collections::BTreeMap<String, serde_json::Value> =
                serde_json::from_value(serde_json::to_value(entry)?)?;
            Ok(format!(
                "{}/{} {}",
                entry.organization,
                entry.id,
                serde_json::to_string(&sorted)?
            ))
        })
        .collect::<Result<_, ShelfError>>()?;
    Ok(lines.into_iter().collect())
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let words = TextFieldIndexing::default()
        .set_tokenizer(WORDS)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let words = TextOptions::default().set_indexing_options(words);
    let fields = Fields {
        key: schema.add_text_field("key", STRING),
        organization: schema.add_text_field("organization", STRING),
        kind: schema.add_text_field("kind", STRING),
        status: schema.add_text_field("status", STRING),
        links: schema.add_text_field("links", STRING),
        title: schema.add_text_field("title", words.clone()),
        text: schema.add_text_field("text", words),
        entry: schema.add_bytes_field("entry", STORED),
    };
    (schema.build(), fields)
}

fn key(field: Field, organization: OrganizationId, id: Uuid) -> Term {
    Term::from_field_text(field, &format!("{organization}/{id}"))
}

fn document(fields: Fields, entry: &Entry) -> Result<TantivyDocument, ShelfError> {
    let mut document = TantivyDocument::default();
    document.add_text(fields.key, format!("{}/{}", entry.organization, entry.id));
    document.add_text(fields.organization, entry.organization.to_string());
    document.add_text(fields.kind, entry.kind.name());
    document.add_text(fields.status, &entry.status);
    for id in entry.links.keys() {
        document.add_text(fields.links, format!("{}/{id}", entry.organization));
    }
    document.add_text(fields.title, &entry.title);
    document.add_text(fields.text, entry.text());
    document.add_bytes(fields.entry, &serde_json::to_vec(entry)?);
    Ok(document)
}

pub(super) fn read(searcher: &Searcher, address: tantivy::DocAddress, field: Field) -> Result<Entry, ShelfError> {
    let document: TantivyDocument = searcher.doc(address)?;
    let bytes = document
        .get_first(field)
        .and_then(|value| value.as_bytes())
        .unwrap_or_default();
    Ok(serde_json::from_slice(bytes)?)
}
