//! `GET /api/search`

use axum::http::Uri;
use projections::search::{Hit, Kind, Question, SEARCH, ShelfError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    auth::permit::{Only, ReadsAll},
    http::{
        directory::Limit,
        extract::Query,
        problem::Problem,
        reading::{Answer, Inquiry},
    },
};

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// The words: all must be found, each with a typo or two, the last also as the beginning of a longer one.
    #[serde(default)]
    #[param(required = false, max_length = 200, pattern = "^[^\\x00]*$")]
    q: String,
    /// Only things of this kind.
    #[param(inline)]
    kind: Option<Kind>,
    /// Only things in this state.
    #[param(pattern = "^[^\\x00]*$")]
    status: Option<String>,
    /// How many hits to pass over.
    #[serde(default)]
    #[param(required = false, minimum = 0, maximum = 10_000)]
    offset: u16,
    /// How many hits to show.
    #[param(inline)]
    limit: Option<Limit>,
}

/// A page of what was found, the best first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Found {
    /// How many hits there are in all.
    total: usize,
    /// Those of this page.
    items: Vec<FoundThing>,
    /// Where the next page is; null after the last.
    next: Option<String>,
}

/// A thing that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundThing {
    /// Which.
    id: Uuid,
    /// What kind of thing.
    kind: Kind,
    /// Its state.
    status: String,
    /// What it is called.
    title: String,
    /// What it belongs to.
    context: String,
    /// The lines in which words were found, as HTML: escaped, the words in `<em>`.
    highlights: Vec<String>,
}

impl From<Hit> for FoundThing {
    fn from(hit: Hit) -> Self {
        let Hit {
            id,
            kind,
            status,
            title,
            context,
            highlights,
        } = hit;
        Self {
            id,
            kind,
            status,
            title,
            context,
            highlights,
        }
    }
}

/// The longest text that is looked for, in characters.
const LONGEST: usize = 200;

/// Find anything by its words
///
/// Properties, units, residents, leases, payments, requests, work orders and vendors.
#[utoipa::path(
    get, path = "/api/search", operation_id = "search", tag = "Search",
    params(Filter), responses((status = 200, body = Found), Only<ReadsAll>),
)]
pub async fn handle(
    inquiry: Inquiry<ReadsAll>,
    uri: Uri,
    Query(filter): Query<Filter>,
) -> Result<Answer<Found>, Problem> {
    if filter.q.chars().count() > LONGEST {
        return Err(Problem::bad_request("The words are too many.").field("q", "has at most 200 characters"));
    }
    inquiry.wait_for(SEARCH).await?;
    let (organization, library) = (inquiry.organization(), inquiry.app().library.clone());
    let limit = usize::from(filter.limit.unwrap_or_default());
    let offset = usize::from(filter.offset);
    let question = Question {
        words: filter.q,
        kind: filter.kind,
        status: filter.status,
        offset,
        limit,
    };
    // The index is read from files.
    let found = tokio::task::spawn_blocking(move || {
        let since = library.incomplete_since(organization)?;
        Ok::<_, ShelfError>((since, library.find(organization, &question)?))
    });
    let (since, hits) = found.await.map_err(Problem::internal)?.map_err(Problem::internal)?;
    let end = offset + hits.hits.len();
    let next = (end < hits.total && !hits.hits.is_empty()).then(|| uri_from(&uri, end));
    let found = Found {
        total: hits.total,
        items: hits.hits.into_iter().map(FoundThing::from).collect(),
        next,
    };
    Ok(Answer::incomplete(found, since))
}

/// The same question, from another hit on.
fn uri_from(uri: &Uri, offset: usize) -> String {
    crate::http::directory::with_parameter(uri, "offset", &offset.to_string())
}
