//! Finding: words with typos, filters, and the words found marked in what is shown.

use chrono::{DateTime, Utc};
use domain::ids::OrganizationId;
use tantivy::{
    Index, IndexReader, Term,
    collector::{Count, TopDocs},
    query::{AllQuery, BooleanQuery, BoostQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption},
    tokenizer::TokenStream,
};
use uuid::Uuid;

use super::{
    entry::{Entry, Kind},
    marks::Marks,
    shelf::{Fields, ShelfError, WORDS, payload_of, read},
};

/// No more words of a query than these are looked for.
const MOST_WORDS: usize = 12;
/// No more hits than these are counted off to reach a page.
const DEEPEST: usize = 10_000;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The words; all must be found, each with a typo or two. Without words everything is found.
    pub words: String,
    /// Only things of this kind.
    pub kind: Option<Kind>,
    /// Only things in this state.
    pub status: Option<String>,
    /// How many hits to pass over.
    pub offset: usize,
    /// How many hits to return.
    pub limit: usize,
}

/// A page of hits, the best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hits {
    /// How many there are in all.
    pub total: usize,
    /// Those of this page.
    pub hits: Vec<Hit>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Which thing.
    pub id: Uuid,
    /// What kind of thing.
    pub kind: Kind,
    /// Its state.
    pub status: String,
    /// Its title.
    pub title: String,
    /// What it belongs to.
    pub context: String,
    /// The lines in which words were found, as HTML: escaped, the words in `<em>`.
    pub highlights: Vec<String>,
}

/// The index as of its last commit. Cheap to clone; every query of every request reads it.
#[derive(Clone)]
pub struct Library {
    index: Index,
    reader: IndexReader,
    fields: Fields,
}

impl Library {
    pub(super) const fn new(index: Index, reader: IndexReader, fields: Fields) -> Self {
        Self { index, reader, fields }
    }

    /// Finds an organization's things; another's are never looked at.
    ///
    /// # Errors
    /// If the index can't be read.
    pub fn find(&self, organization: OrganizationId, question: &Question) -> Result<Hits, ShelfError> {
        let words = self.words_of(&question.words)?;
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        clauses.push(must_be(self.fields.organization, &organization.to_string()));
        clauses.extend(question.kind.map(|kind| must_be(self.fields.kind, kind.name())));
        clauses.extend(
            question
                .status
                .as_deref()
                .map(|status| must_be(self.fields.status, status)),
        );
        let last = words.len().saturating_sub(1);
        for (index, word) in words.iter().enumerate() {
            clauses.push((Occur::Must, self.word(word, index == last)));
        }
        if words.is_empty() {
            clauses.push((Occur::Must, Box::new(AllQuery)));
        }
        let offset = question.offset.min(DEEPEST);
        let page = TopDocs::with_limit(question.limit.clamp(1, 100))
            .and_offset(offset)
            .order_by_score();
        let searcher = self.reader.searcher();
        let (total, found) = searcher.search(&BooleanQuery::new(clauses), &(Count, page))?;
        let hits = found
            .into_iter()
            .map(|(_, address)| self.hit(read(&searcher, address, self.fields.entry)?, &words))
            .collect::<Result<_, ShelfError>>()?;
        Ok(Hits { total, hits })
    }

    /// When the first event was recorded that could not be applied to what an organization finds; `None` if nothing lacks.
    ///
    /// # Errors
    /// If the index can't be read.
    pub fn incomplete_since(&self, organization: OrganizationId) -> Result<Option<DateTime<Utc>>, ShelfError> {
        let marks: Marks = payload_of(&self.index)?.unwrap_or_default();
        let mut parked = marks.parked.into_iter();
        Ok(parked
            .find(|parked| parked.organization == organization)
            .map(|parked| parked.recorded_at))
    }

    /// A word is found as it is, as the beginning of a longer one if it is the last and may be unfinished, or with typos.
    fn word(&self, word: &str, last: bool) -> Box<dyn Query> {
        let mut ways: Vec<Box<dyn Query>> = Vec::new();
        for (field, weight) in [(self.fields.title, 2.0), (self.fields.text, 1.0)] {
            let term = Term::from_field_text(field, word);
            let exact = TermQuery::new(term.clone(), IndexRecordOption::WithFreqs);
            ways.push(Box::new(BoostQuery::new(Box::new(exact), weight * 3.0)));
            if last {
                let begun = FuzzyTermQuery::new_prefix(term.clone(), 0, true);
                ways.push(Box::new(BoostQuery::new(Box::new(begun), weight * 2.0)));
            }
            let typos = typos_allowed(word);
            if typos > 0 {
                let near = FuzzyTermQuery::new(term, typos, true);
                ways.push(Box::new(BoostQuery::new(Box::new(near), weight)));
            }
        }
        Box::new(DisjunctionMaxQuery::new(ways))
    }

    fn words_of(&self, text: &str) -> Result<Vec<String>, ShelfError> {
        Ok(self
            .tokens(text)?
            .into_iter()
            .map(|(word, _)| word)
            .take(MOST_WORDS)
            .collect())
    }

    /// The words of a text as the index keeps them, each with the bytes it stands at.
    fn tokens(&self, text: &str) -> Result<Vec<(String, std::ops::Range<usize>)>, ShelfError> {
        let Some(mut analyzer) = self.index.tokenizers().get(WORDS) else {
            return Err(tantivy::TantivyError::SystemError(format!("no tokenizer `{WORDS}`")).into());
        };
        let mut stream = analyzer.token_stream(text);
        let mut tokens = Vec::new();
        while let Some(token) = stream.next() {
            tokens.push((token.text.clone(), token.offset_from..token.offset_to));
        }
        Ok(tokens)
    }

    fn hit(&self, entry: Entry, words: &[String]) -> Result<Hit, ShelfError> {
        let context = entry.context();
        let mut highlights = Vec::new();
        for line in [&entry.title].into_iter().chain(&entry.details).chain([&context]) {
            highlights.extend(self.marked(line, words)?);
        }
        Ok(Hit {
            id: entry.id,
            kind: entry.kind,
            status: entry.status,
            title: entry.title,
            context,
            highlights,
        })
    }

    /// The line as HTML with the words found in `<em>`; `None` if it has none of them.
    fn marked(&self, line: &str, words: &[String]) -> Result<Option<String>, ShelfError> {
        let mut html = String::new();
        let mut done = 0;
        for (token, range) in self.tokens(line)? {
            if words.iter().any(|word| is_found_by(&token, word)) {
                escape_into(&mut html, &line[done..range.start]);
                html.push_str("<em>");
                escape_into(&mut html, &line[range.clone()]);
                html.push_str("</em>");
                done = range.end;
            }
        }
        if done == 0 {
            return Ok(None);
        }
        escape_into(&mut html, &line[done..]);
        Ok(Some(html))
    }
}

fn must_be(field: Field, value: &str) -> (Occur, Box<dyn Query>) {
    let term = Term::from_field_text(field, value);
    // A filter chooses but does not rank.
    let query = tantivy::query::ConstScoreQuery::new(Box::new(TermQuery::new(term, IndexRecordOption::Basic)), 0.0);
    (Occur::Must, Box::new(query))
}

/// Short words and numbers are meant as they are written.
fn typos_allowed(word: &str) -> u8 {
    if word.chars().any(|character| character.is_ascii_digit()) {
        return 0;
    }
    match word.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

fn is_found_by(token: &str, word: &str) -> bool {
    token.starts_with(word) || strsim::osa_distance(token, word) <= usize::from(typos_allowed(word))
}

fn escape_into(html: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            other => html.push(other),
        }
    }
}
