//! Logs: one line for each thing worth knowing, on stderr, so that stdout holds results only. And traces, for a collector if
//! there is one.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing::Metadata;
use tracing_subscriber::{
    Layer as _,
    filter::{Targets, filter_fn},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::config::{Config, LogFormat};

/// The span of a request: it is made also when nobody collects traces, since the events that follow carry its context.
pub const REQUEST: &str = "request";

/// The crates whose spans are traces.
const OURS: [&str; 4] = ["api", "commands", "streams", "projections"];

/// Sends what is left of the traces when it is dropped.
pub struct Tracing(SdkTracerProvider);

impl Drop for Tracing {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown() {
            tracing::debug!(%error, "some traces are lost");
        }
    }
}

/// Begins to log, and to trace as this process. Lines of a request carry its `correlation_id` in their span. To be called
/// where nothing is asynchronous yet: what sends traces waits on threads of its own.
///
/// # Errors
/// A collector's URL that can't be used.
pub fn start(config: &Config, command: &str) -> anyhow::Result<Tracing> {
    // `Config` refuses a filter that can't be read.
    let logged: Targets = config.log.parse().unwrap_or_default();
    let collected = config.otlp_endpoint.is_some();
    // One filter for lines and traces together: with one for each, a look whether something would be logged, as libraries take
    // it, makes the other forget the next span.
    let filter = filter_fn(move |metadata| {
        is_traced(metadata, collected) || logged.would_enable(metadata.target(), metadata.level())
    });
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match config.log_format {
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        LogFormat::Text => lines.boxed(),
    };
    let provider = provider(config, command)?;
    let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("propertyos"));
    // A second start, in tests, changes nothing.
    let _begun_before = tracing_subscriber::registry()
        .with(filter)
        .with(lines)
        .with(traces)
        .try_init();
    Ok(Tracing(provider))
}

fn is_traced(metadata: &Metadata<'_>, collected: bool) -> bool {
    let from = metadata.target().split("::").next().unwrap_or_default();
    metadata.is_span() && OURS.contains(&from) && (collected || metadata.name() == REQUEST)
}

/// What makes traces; they go nowhere if no collector is configured.
fn provider(config: &Config, command: &str) -> anyhow::Result<SdkTracerProvider> {
    let process = KeyValue::new("propertyos.process", command.to_owned());
    let resource = Resource::builder()
        .with_service_name("propertyos")
        .with_attribute(process);
    let provider = SdkTracerProvider::builder().with_resource(resource.build());
    let Some(endpoint) = &config.otlp_endpoint else {
        return Ok(provider.build());
    };
    let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).build();
    let exporter = exporter.context("`otlp_endpoint` can't be used")?;
    Ok(provider.with_batch_exporter(exporter).build())
}
