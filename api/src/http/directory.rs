//! Reading the directory: one thing, or a page of a list.

use axum::{
    http::{HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use projections::directory::{
    Directory, Document,
    queries::{self, Entry, Listing, Place},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use streams::{Projection as _, read_models::Reading};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use uuid::Uuid;

use super::{
    problem::Problem,
    reading::{Answer, Inquiry},
};
use crate::auth::permit::Permission;

/// How long a page is that says nothing of its length, and at most.
const USUAL: u16 = 50;
const MOST: u16 = 200;

/// How many things a page shows.
#[derive(Debug, Clone, Copy)]
pub struct Limit(u16);

impl Default for Limit {
    fn default() -> Self {
        Self(USUAL)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u16::deserialize(deserializer)? {
            limit @ 1..=MOST => Ok(Self(limit)),
            other => Err(D::Error::custom(format!("must be from 1 to {MOST}, not {other}"))),
        }
    }
}

impl From<Limit> for usize {
    fn from(limit: Limit) -> Self {
        limit.0.into()
    }
}

impl PartialSchema for Limit {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(MOST))
            .default(Some(USUAL.into()))
            .into()
    }
}

impl ToSchema for Limit {}

/// Where a page begins; opaque to clients.
#[derive(Debug, Clone)]
pub struct Cursor(Place);

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64
            .decode(text)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            // PostgreSQL's texts hold no NUL, so no list ever ended there.
            .filter(|place: &Place| !place.sort.contains('\0'))
            .map(Self)
            .ok_or_else(|| D::Error::custom("is not from a `next` link"))
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&BASE64.encode(serde_json::to_vec(&self.0).unwrap_or_default()))
    }
}

impl PartialSchema for Cursor {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("From a `next` link."))
            .into()
    }
}

impl ToSchema for Cursor {}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The things, in the order of the list.
    pub items: Vec<T>,
    /// Where the next page is; null after the last.
    pub next: Option<String>,
}

/// An organization's directory, at one moment.
pub struct OpenDirectory {
    reading: Reading,
    organization: Uuid,
}

impl<P: Permission> Inquiry<P> {
    /// The organization's directory, once it has come as far as the caller asks.
    ///
    /// # Errors
    /// As [`Inquiry::read`].
    pub async fn directory(&self) -> Result<OpenDirectory, Problem> {
        let reading = self.read(Directory.name(), Directory.version()).await?;
        Ok(OpenDirectory {
            reading,
            organization: self.organization().0,
        })
    }
}

impl OpenDirectory {
    /// One thing.
    ///
    /// # Errors
    /// 404 if the organization has no such thing.
    pub async fn get<D: Document + Unpin>(&mut self, id: impl Into<Uuid>) -> Result<Entry<D>, Problem> {
        queries::get(&mut self.reading.tx, self.organization, id.into())
            .await?
            .ok_or_else(|| Problem::not_found(format!("There is no such {}.", D::KIND.replace('_', " "))))
    }

    /// The answer that shows one thing.
    pub fn show<D>(&self, entry: Entry<D>) -> Answer<Entry<D>> {
        let version = entry.version;
        Answer::new(entry, &self.reading).at_version(version)
    }

    /// The answer that shows a page of a list, with each thing as `view` shows it. `uri` is what was asked for: the next
    /// page is asked for in the same way.
    ///
    /// # Errors
    /// If the database can't be asked.
    pub async fn page<D: Document + Unpin, V>(
        mut self,
        uri: &Uri,
        listing: Listing,
        view: impl Fn(Entry<D>) -> V,
    ) -> Result<Page<V>, Problem> {
        let page = queries::list::<D>(&mut self.reading.tx, self.organization, &listing).await?;
        let list = List {
            items: page.entries.into_iter().map(view).collect(),
            next: page
                .next
                .map(|place| with_parameter(uri, "cursor", &Cursor(place).to_string())),
        };
        let link = list
            .next
            .as_ref()
            .and_then(|next| HeaderValue::try_from(format!("<{next}>; rel=\"next\"")).ok());
        Ok(Page {
            answer: Answer::new(list, &self.reading),
            link,
        })
    }
}

/// A page, with the link to the next.
pub struct Page<T> {
    answer: Answer<List<T>>,
    link: Option<HeaderValue>,
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if let Some(link) = self.link {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

/// The same question, but with this parameter.
#[must_use]
pub fn with_parameter(uri: &Uri, parameter: &str, value: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name != parameter {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair(parameter, value);
    format!("{}?{}", uri.path(), query.finish())
}

/// The part of a list that was asked for.
#[must_use]
pub fn listing(cursor: Option<Cursor>, limit: Option<Limit>) -> Listing {
    Listing::of(limit.unwrap_or_default().0).after(cursor.map(|Cursor(place)| place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(sort: &str) -> Cursor {
        Cursor(Place {
            sort: sort.to_owned(),
            id: Uuid::from_u128(7),
        })
    }

    fn read(text: &str) -> Result<Cursor, serde::de::value::Error> {
        Cursor::deserialize(serde::de::value::StrDeserializer::new(text))
    }

    #[test]
    fn a_cursor_comes_back_as_it_was_given() {
        let given = cursor("élm & \"oak\"");
        assert_eq!(read(&given.to_string()).unwrap().0, given.0);
        assert!(read("soon").is_err());
        assert!(read(&cursor("a\0").to_string()).is_err());
    }

    #[test]
    fn the_next_page_is_asked_for_as_this_one_was() {
        let uri = "/api/units?status=ready&cursor=old&limit=2".parse().unwrap();
        let next = with_parameter(&uri, "cursor", &cursor("b").to_string());
        assert!(next.starts_with("/api/units?status=ready&limit=2&cursor="), "{next}");
        assert!(!next.contains("old"));
    }
}
