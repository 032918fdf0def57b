//! What a request brings: body, path and query. Whatever can't be read is refused with the name of the field at fault.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path as AxumPath, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::{problem::Problem, wire::Object};

/// A JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        must_be_json(request.headers())?;
        let bytes = Bytes::from_request(request, state).await.map_err(unreadable)?;
        parse(&bytes).map(Self)
    }
}

fn must_be_json(headers: &HeaderMap) -> Result<(), Problem> {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = named.map(|value| value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    if essence.as_deref() == Some("application/json") {
        return Ok(());
    }
    let problem = Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported-media-type",
        "The body has to be JSON and say so: Content-Type: application/json",
    );
    Err(problem.field("Content-Type", "must be application/json"))
}

#[expect(clippy::needless_pass_by_value, reason = "an error is mapped by value")]
fn unreadable(rejection: BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            "The body is larger than what is read here.",
        )
        .field("body", "is too large");
    }
    Problem::bad_request("The body broke off.").field("body", "can't be read")
}

/// The value in a body, or which field of it is at fault.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let Object(value) = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        body_problem(bytes, &path, error.inner())
    })?;
    json.end().map_err(|error| body_problem(bytes, ".", &error))?;
    Ok(value)
}

fn body_problem(bytes: &[u8], path: &str, error: &serde_json::Error) -> Problem {
    let message = without_place(&error.to_string());
    // An enum that finds a number says that this is no JSON.
    if error.is_data() || serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
        let field = at_fault(path, &message);
        return Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-body",
            format!("`{field}`: {message}"),
        )
        .field(field, message);
    }
    let place = format!("line {}, column {}", error.line(), error.column());
    Problem::bad_request(format!("The body is no JSON: {message} at {place}")).field("body", message)
}

/// serde writes the place in the text behind its words.
fn without_place(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}

/// The path of the field that a message is about: serde's path ends at its parent when it is missing or unknown.
fn at_fault(path: &str, message: &str) -> String {
    let parent = if path == "." { "" } else { path };
    let named = ["missing field `", "unknown field `", "duplicate field `"]
        .into_iter()
        .find_map(|start| message.strip_prefix(start)?.split('`').next());
    match named {
        // The path of an unknown or repeated field ends at the field itself.
        Some(name) if parent == name || parent.ends_with(&format!(".{name}")) => parent.to_owned(),
        Some(name) if parent.is_empty() => name.to_owned(),
        Some(name) => format!("{parent}.{name}"),
        None if parent.is_empty() => "body".to_owned(),
        None => parent.to_owned(),
    }
}

/// The id in a path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: From<uuid::Uuid>, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = path_text(parts, state).await?;
        match text.parse::<uuid::Uuid>() {
            // Other spellings of a UUID would be other addresses of the same thing.
            Ok(id) if text.len() == 36 => Ok(Self(id.into())),
            _ => Err(Problem::bad_request(format!("`{text}` in the path is no id")).field("id", "must be a UUID")),
        }
    }
}

/// A text in a path.
#[derive(Debug, Clone)]
pub struct PathText(pub String);

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        path_text(parts, state).await.map(Self)
    }
}

async fn path_text<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, Problem> {
    let AxumPath(text) = AxumPath::<String>::from_request_parts(parts, state)
        .await
        .map_err(|_| Problem::bad_request("The path is not UTF-8.").field("id", "must be a UUID"))?;
    Ok(text)
}

/// The parameters behind the question mark.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        // No text that is kept here holds one, and PostgreSQL takes none to compare with.
        if let Some((name, _)) = form_urlencoded::parse(query.as_bytes()).find(|(_, value)| value.contains('\0')) {
            return Err(Problem::bad_request(format!("`{name}` in the query holds a NUL."))
                .field(name, "must not contain control characters"));
        }
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(pairs).map(Self).map_err(|error| {
            let message = error.inner().to_string();
            let field = at_fault(&error.path().to_string(), &message);
            Problem::bad_request(format!("`{field}` in the query: {message}")).field(field, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body as HttpBody;
    use chrono::NaiveDate;
    use domain::ids::UnitId;
    use serde::Deserialize;

    use super::*;
    use crate::http::wire::{Line, objects};

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Sample {
        name: Line,
        moved_in: Option<NaiveDate>,
        #[serde(default, deserialize_with = "objects")]
        address: Vec<Inner>,
        colour: Option<Colour>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Colour {
        Red,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        street: Line,
    }

    async fn body(content_type: &str, text: &str) -> Result<Sample, serde_json::Value> {
        let request = Request::builder()
            .method("POST")
            .header("content-type", content_type)
            .body(HttpBody::from(text.to_owned()))
            .unwrap();
        let read = Body::<Sample>::from_request(request, &()).await;
        read.map(|Body(sample)| sample)
            .map_err(|problem| serde_json::to_value(problem).unwrap())
    }

    #[tokio::test]
    async fn a_body_that_fits_is_read() {
        let sample = body(
            "application/json; charset=utf-8",
            r#"{"name":"Elm","movedIn":"2026-06-01"}"#,
        )
        .await
        .unwrap();
        assert_eq!(sample.name.0, "Elm");
    }

    #[tokio::test]
    async fn the_field_at_fault_is_named_by_its_whole_path() {
        for (text, status, field) in [
            (r#"{"name":" "}"#, 422, "name"),
            (r#"{"name":7}"#, 422, "name"),
            ("{}", 422, "name"),
            (r#"["Elm",null,[]]"#, 422, "body"),
            (r#"{"name":"a","address":[["b"]]}"#, 422, "address[0]"),
            (r#"{"name":"a","colour":7}"#, 422, "colour"),
            ("7", 422, "body"),
            (r#"{"name":"a","movedIn":"soon"}"#, 422, "movedIn"),
            (r#"{"name":"a","movedin":null}"#, 422, "movedin"),
            (r#"{"name":"a","name":"b"}"#, 422, "name"),
            (
                r#"{"name":"a","address":[{"street":"b"},{"street":"\u0000"}]}"#,
                422,
                "address[1].street",
            ),
            (r#"{"name":"a","address":[{}]}"#, 422, "address[0].street"),
            (
                r#"{"name":"a","address":[{"street":"b","no":1}]}"#,
                422,
                "address[0].no",
            ),
            (r#"{"name":"a""#, 400, "body"),
            (r#"{"name":"a"} x"#, 400, "body"),
            ("", 400, "body"),
            ("\u{feff}{}", 400, "body"),
        ] {
            let problem = body("application/json", text).await.unwrap_err();
            assert_eq!(
                (&problem["status"], &problem["errors"][0]["field"]),
                (&status.into(), &field.into()),
                "{text}: {problem}"
            );
        }
    }

    #[tokio::test]
    async fn only_json_is_read() {
        for content_type in [
            "text/plain",
            "application/jsonp",
            "application/x-www-form-urlencoded",
            "",
        ] {
            let problem = body(content_type, "{}").await.unwrap_err();
            assert_eq!(problem["status"], 415, "{content_type}");
        }
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        limit: Option<u16>,
        unit: Option<UnitId>,
    }

    #[tokio::test]
    async fn the_parameter_at_fault_is_named() {
        for (query, field) in [
            ("limit=many", "limit"),
            ("limit=1&limit=2", "limit"),
            ("limit=", "limit"),
            ("unit=7", "unit"),
            ("limt=7", "limt"),
            ("unit=%00", "unit"),
        ] {
            let (mut parts, ()) = axum::http::Request::get(format!("/x?{query}"))
                .body(())
                .unwrap()
                .into_parts();
            let problem = Query::<Filter>::from_request_parts(&mut parts, &()).await.unwrap_err();
            let problem = serde_json::to_value(problem).unwrap();
            assert_eq!(
                (&problem["status"], &problem["errors"][0]["field"]),
                (&400.into(), &field.into()),
                "{query}: {problem}"
            );
        }
    }
}
