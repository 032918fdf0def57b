//! What a request that could not be answered is told: `application/problem+json` (RFC 9457).

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// What begins the `type` of every problem. A name, not an address: nothing is fetched from it.
const PREFIX: &str = "urn:propertyos:problem:";

/// What went wrong, for programs (`type`, `errors`) and for people (`title`, `detail`).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Which kind of problem it is; stable across releases.
    #[schema(
        pattern = "^urn:propertyos:problem:[a-z0-9-]+$",
        examples("urn:propertyos:problem:lease-overlaps")
    )]
    r#type: String,
    /// The kind in words.
    title: String,
    /// The HTTP status again.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong this time.
    detail: String,
    /// Which fields are at fault, if fields are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    #[serde(skip)]
    #[schema(ignore)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A field that is at fault.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where it stands: `address.street`, `residents[0]`, or the name of a parameter or header.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Problem {
    /// A problem of a kind; its title is the kind in words.
    pub fn new(status: StatusCode, kind: &str, detail: impl Into<String>) -> Self {
        Self {
            r#type: format!("{PREFIX}{kind}"),
            title: in_words(kind),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// The request itself can't be read.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// There is nothing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    /// There is no such thing, or not for this caller: the two look the same.
    #[must_use]
    pub fn absent() -> Self {
        Self::not_found("There is no such thing.")
    }

    /// The present state forbids it.
    pub fn conflict(kind: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, kind, detail)
    }

    /// The fault is ours. What it was stands in the log only.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong here. The X-Correlation-Id of this answer finds it in the log.",
        )
    }

    /// It will work later.
    pub fn unavailable(kind: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, kind, detail).retry_after(1)
    }

    /// Names a field that is at fault.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.errors.push(FieldError {
            field: field.into(),
            message: message.into(),
        });
        self
    }

    /// Says after how many seconds to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u16) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The status it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status(), Body::from(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.extend(self.headers);
        response
    }
}

/// `lease-overlaps` as `Lease overlaps`.
fn in_words(kind: &str) -> String {
    let words = kind.replace('-', " ");
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_names_its_kind_and_the_fields_at_fault() {
        let problem = Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "text-missing",
            "`name` must not be empty",
        )
        .field("name", "must not be empty");
        assert_eq!(
            serde_json::to_value(&problem).unwrap(),
            json!({
                "type": "urn:propertyos:problem:text-missing",
                "title": "Text missing",
                "status": 422,
                "detail": "`name` must not be empty",
                "errors": [{"field": "name", "message": "must not be empty"}],
            })
        );
    }

    #[test]
    fn it_is_answered_as_problem_json_with_its_headers() {
        let response = Problem::unavailable("busy", "later").into_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["retry-after"], "1");
    }
}
