//! Trace context (W3C) on its way from a request through its events to whatever is made of them.

use std::collections::HashMap;

use opentelemetry::{Context, propagation::TextMapPropagator as _, trace::TraceContextExt as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::{Span, debug_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::Entry;

const TRACEPARENT: &str = "traceparent";

/// Makes a span that hasn't begun yet part of this trace. Text that is no `traceparent` changes nothing: the span begins a
/// trace of its own.
pub fn follow(span: &Span, traceparent: &str) {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    if parent.span().span_context().is_valid() {
        // Refused where nothing traces, and then there is nothing to be part of.
        let _refused = span.set_parent(parent);
    }
}

/// What makes others part of this span's trace; `None` where nothing traces.
#[must_use]
pub fn traceparent(span: &Span) -> Option<String> {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&span.context(), &mut carrier);
    carrier.remove(TRACEPARENT)
}

/// A span for each of the events that is applied, part of the trace of the request that led to it. They end when they are
/// dropped.
#[must_use]
pub fn projecting(projection: &str, entries: &[Entry]) -> Vec<Span> {
    let facts = entries.iter().filter_map(|entry| entry.content.as_ref().ok());
    facts
        .filter_map(|fact| {
            let traceparent = fact.metadata.traceparent.as_deref()?;
            let span = debug_span!(
                "project",
                projection,
                event = %fact.event_id,
                kind = fact.event_type,
                organization = %fact.tenant_id,
                position = %fact.cursor(),
                correlation_id = %fact.metadata.correlation_id,
            );
            if span.is_disabled() {
                return None;
            }
            follow(&span, traceparent);
            Some(span)
        })
        .collect()
}
