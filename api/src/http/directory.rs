//! Reading the directory: one thing, or a page of a list.

use axum::{
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use projections::directory::{
    Directory, Document,
    queries::{self, Entry, Listing, Place},
};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, Error as _},
};
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
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// Behind this place of a list.
    pub fn of(place: &impl Serialize) -> Self {
        Self(BASE64.encode(serde_json::to_vec(place).unwrap_or_default()))
    }

    /// The question that this page answers, from here on.
    #[must_use]
    pub fn link_from(&self, uri: &Uri) -> String {
        with_parameter(uri, "cursor", &self.0)
    }

    /// The place of a list that it was made of.
    ///
    /// # Errors
    /// 422 if it was made of nothing here.
    pub fn place<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let json = BASE64.decode(&self.0).ok();
        json.and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(unknown_cursor)
    }
}

fn unknown_cursor() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "unknown-cursor",
        "The cursor is not from a `next` link.",
    )
    .field("cursor", "is not from a `next` link")
}

impl PartialSchema for Cursor {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Za-z0-9_-]*$"))
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

    /// As [`OpenDirectory::must_have`], for what is answered from elsewhere.
    ///
    /// # Errors
    /// 404 if the organization has no such thing; as [`Inquiry::read`].
    pub async fn must_have<D: Document + Unpin>(
        &self,
        parameter: &str,
        id: Option<impl Into<Uuid>>,
    ) -> Result<(), Problem> {
        if id.is_some() {
            self.directory().await?.must_have::<D>(parameter, id).await?;
        }
        Ok(())
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
            .ok_or_else(Problem::absent)
    }

    /// Lets a question pass whose parameter names nothing, or something that there is.
    ///
    /// # Errors
    /// 404 if the organization has no such thing.
    pub async fn must_have<D: Document + Unpin>(
        &mut self,
        parameter: &str,
        id: Option<impl Into<Uuid>>,
    ) -> Result<(), Problem> {
        if let Some(id) = id {
            let found = self.get::<D>(id).await;
            found.map_err(|problem| problem.field(parameter, "names nothing here"))?;
        }
        Ok(())
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
            next: page.next.map(|place| Cursor::of(&place).link_from(uri)),
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
///
/// # Errors
/// 422 if the cursor is not from a list.
pub fn listing(cursor: Option<Cursor>, limit: Option<Limit>) -> Result<Listing, Problem> {
    let after: Option<Place> = cursor.map(|cursor| cursor.place()).transpose()?;
    // PostgreSQL's texts hold no NUL, so no list ever ended there.
    if after.as_ref().is_some_and(|place| place.sort.contains('\0')) {
        return Err(unknown_cursor());
    }
    Ok(Listing::of(limit.unwrap_or_default().0).after(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(sort: &str) -> Place {
        Place {
            sort: sort.to_owned(),
            id: Uuid::from_u128(7),
        }
    }

    #[test]
    fn a_cursor_comes_back_as_it_was_given() {
        let given = place("élm & \"oak\"");
        assert_eq!(Cursor::of(&given).place::<Place>().unwrap(), given);
        for foreign in [Cursor("soon".into()), Cursor(String::new()), Cursor::of(&place("a\0"))] {
            assert_eq!(listing(Some(foreign), None).unwrap_err().status(), 422);
        }
    }

    #[test]
    fn the_next_page_is_asked_for_as_this_one_was() {
        let uri = "/api/units?status=ready&cursor=old&limit=2".parse().unwrap();
        let next = Cursor::of(&place("b")).link_from(&uri);
        assert!(next.starts_with("/api/units?status=ready&limit=2&cursor="), "{next}");
        assert!(!next.contains("old"));
    }
}
