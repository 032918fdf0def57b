//! The trace of a request, from its header to what is made of its events, as a collector receives it.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest, common::v1::any_value::Value, trace::v1::Span,
};
use prost::Message as _;
use serde_json::json;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};

use crate::processes::{database, migrated};

/// No span is waited for longer.
const LIMIT: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A span, and which process it is of.
type Received = (String, Span);

/// Takes what processes export over OTLP, on an address of its own.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Received>>>);

impl Collector {
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/v1/traces", post(receive))
            .with_state(collector.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        (collector, url)
    }

    /// Waits until a span of this name has come that is wanted.
    async fn wait_for(&self, name: &str, wanted: impl Fn(&Received) -> bool) -> Received {
        let begun = Instant::now();
        loop {
            let found = self
                .0
                .lock()
                .unwrap()
                .iter()
                .find(|received| received.1.name == name && wanted(received))
                .cloned();
            if let Some(found) = found {
                return found;
            }
            assert!(
                begun.elapsed() < LIMIT,
                "no such span `{name}`: {:?}",
                self.0.lock().unwrap()
            );
            sleep(LOOK_EVERY).await;
        }
    }
}

async fn receive(State(collector): State<Collector>, body: Bytes) -> StatusCode {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return StatusCode::BAD_REQUEST;
    };
    for of_process in request.resource_spans {
        let attributes = of_process.resource.unwrap_or_default().attributes;
        let process = attributes
            .into_iter()
            .find(|attribute| attribute.key == "propertyos.process");
        let process = match process.and_then(|attribute| attribute.value?.value) {
            Some(Value::StringValue(process)) => process,
            _ => String::new(),
        };
        let spans = of_process.scope_spans.into_iter().flat_map(|scope| scope.spans);
        collector
            .0
            .lock()
            .unwrap()
            .extend(spans.map(|span| (process.clone(), span)));
    }
    StatusCode::OK
}

fn attribute(span: &Span, key: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.clone()?.value) {
        Some(Value::StringValue(text)) => text,
        _ => String::new(),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for byte in bytes {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

#[tokio::test]
async fn a_request_its_event_and_what_is_projected_from_it_are_one_trace() {
    let (collector, url) = Collector::start().await;
    let installation = migrated()
        .await
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &url)
        .with("OTEL_BSP_SCHEDULE_DELAY", "100");
    let ledger = installation.start(&["project", "ledger"], &[]).await;
    let api = installation.start(&["api"], &[]).await;
    let token = installation.output(&["token", "--role", "admin"]).await;
    let add = || {
        let post = api.http().post(api.at("/api/maintenance/vendors")).bearer_auth(&token);
        post.json(&json!({"name": "Nguyen Plumbing"}))
    };

    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let answer = add().header("traceparent", traceparent).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let of_trace = |(_, span): &Received| hex(&span.trace_id) == TRACE;
    let (process, request) = collector.wait_for("request", of_trace).await;
    assert_eq!(
        (process.as_str(), hex(&request.parent_span_id).as_str()),
        ("api", PARENT)
    );
    for projector in ["project ledger", "api"] {
        let (_, projected) = collector
            .wait_for("project", |received| of_trace(received) && received.0 == projector)
            .await;
        assert_eq!(projected.parent_span_id, request.span_id, "{projector}");
        assert_eq!(attribute(&projected, "kind"), "vendor.created");
    }

    // A request that is part of no trace begins one; its event carries it.
    assert_eq!(add().send().await.unwrap().status(), StatusCode::CREATED);
    let recorded: String = sqlx::query_scalar(
        "SELECT metadata ->> 'traceparent' FROM events WHERE event_type = 'vendor.created' ORDER BY position DESC LIMIT 1",
    )
    .fetch_one(&mut database(&installation).await)
    .await
    .unwrap();
    let trace = recorded.split('-').nth(1).unwrap().to_owned();
    assert!(trace != TRACE && trace.len() == 32, "{recorded}");
    let of_trace = |(_, span): &Received| hex(&span.trace_id) == trace;
    let (_, request) = collector.wait_for("request", of_trace).await;
    assert!(request.parent_span_id.is_empty());
    collector.wait_for("project", of_trace).await;
    assert!(api.stop().await.success());
    assert!(ledger.stop().await.success());
}

#[tokio::test]
async fn every_event_carries_a_trace_also_when_nobody_collects_any_and_little_is_logged() {
    let installation = migrated().await.with("PROPERTYOS_LOG", "warn,api::process=info");
    let api = installation.start(&["api"], &[]).await;
    let token = installation.output(&["token", "--role", "admin"]).await;
    let given = format!("00-{TRACE}-{PARENT}-01");
    for number in 0..20 {
        let post = api.http().post(api.at("/api/maintenance/vendors")).bearer_auth(&token);
        let post = post.json(&json!({"name": "Nguyen Plumbing"}));
        let post = if number % 2 == 0 {
            post.header("traceparent", &given)
        } else {
            post
        };
        assert_eq!(post.send().await.unwrap().status(), StatusCode::CREATED);
    }
    let recorded: Vec<Option<String>> = sqlx::query_scalar(
        "SELECT metadata ->> 'traceparent' FROM events WHERE event_type = 'vendor.created' ORDER BY position",
    )
    .fetch_all(&mut database(&installation).await)
    .await
    .unwrap();
    assert_eq!(recorded.len(), 20);
    for (number, recorded) in recorded.iter().enumerate() {
        let recorded = recorded.as_deref().unwrap_or_default();
        let follows = recorded.starts_with(&format!("00-{TRACE}-"));
        assert_eq!(
            (follows, recorded.len()),
            (number % 2 == 0, given.len()),
            "{number}: {recorded}"
        );
    }
    assert!(api.logged("answered").is_empty(), "{}", api.printed());
    assert!(api.stop().await.success());
}
