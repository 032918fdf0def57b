//! What stands around every request: its correlation, its log line and figures, its time limit, the headers of its answer.

use std::{any::Any, sync::Arc, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use streams::trace;
use tracing::Instrument as _;
use uuid::Uuid;

use super::problem::Problem;
use crate::{app::App, clock, logging::REQUEST};

/// Carries the id that a request shares with all that follows from it, there and back.
pub const CORRELATION_HEADER: HeaderName = HeaderName::from_static("x-correlation-id");

/// Carries the trace that a request is part of.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What all commands, events and log lines that follow from one request share.
#[derive(Debug, Clone, Copy)]
pub struct Correlation(pub Uuid);

/// Gives the request its correlation id: the client's if it is a UUID, else a new one. Everything logged meanwhile carries
/// it, and one line says how the request was answered.
pub async fn correlate(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let given = request
        .headers()
        .get(&CORRELATION_HEADER)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let correlation = given.unwrap_or_else(clock::new_correlation_id);
    request.extensions_mut().insert(Correlation(correlation));
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let method = request.method().clone();
    let span = tracing::info_span!(
        REQUEST,
        correlation_id = %correlation,
        %method,
        path = request.uri().path(),
        organization = tracing::field::Empty,
        user = tracing::field::Empty,
    );
    if let Some(traceparent) = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok()) {
        trace::follow(&span, traceparent);
    }
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = begun.elapsed();
    let status = response.status();
    span.in_scope(|| {
        tracing::info!(
            status = status.as_u16(),
            milliseconds = took.as_secs_f64() * 1e3,
            "answered"
        );
    });
    app.vitals.metrics.answered(&method, &route, status, took);
    if let Ok(value) = HeaderValue::try_from(correlation.to_string()) {
        response.headers_mut().insert(CORRELATION_HEADER, value);
    }
    response
}

/// Answers 503 in place of a request that takes too long. A command may still have been carried out.
pub async fn limit_time(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(app.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable(
            "timeout",
            "This took too long. A command may have been carried out: repeat it with the same Idempotency-Key.",
        )
        .into_response(),
    }
}

/// What every answer says to browsers, as the description of the system lists it.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 6] = [
    (
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000; includeSubDomains"),
    ),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'self'"),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::X_XSS_PROTECTION, HeaderValue::from_static("1; mode=block")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("strict-origin-when-cross-origin"),
    ),
];

/// The pages of the documentation draw their icons from data URLs and set styles from their scripts.
const DOCS_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'");

/// Adds the security headers, and keeps what is about an organization out of caches.
pub async fn secure(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (of_docs, of_api) = (path.starts_with("/docs"), path.starts_with("/api/"));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.extend(SECURITY_HEADERS);
    if of_docs {
        headers.insert(header::CONTENT_SECURITY_POLICY, DOCS_POLICY);
    }
    if of_api {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// The answer in place of a handler that panicked.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let words = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no words");
    Problem::internal(format!("a handler panicked: {words}")).into_response()
}

/// The answer for an address where nothing is.
pub async fn no_such_path(request: Request) -> Problem {
    Problem::not_found(format!("There is nothing at {}.", request.uri().path()))
}

/// The answer for a method that an address doesn't know.
pub async fn no_such_method(request: Request) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        format!("{} is not done here; the Allow header says what is.", request.method()),
    )
}
