//! Sending spans by OTLP over HTTP.
//!
//! Spans wait in the process until [`flush`]: neither a thread nor a timer of the SDK's runs beside a function that
//! Lambda may freeze at any time.

use super::LONGEST;
use super::settings::Otlp;
use crate::settings::SettingError;
use crate::telemetry::{Trace, VERSION};
use crate::tls;
use hyper_rustls::HttpsConnectorBuilder;
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::hyper::HyperClient;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    Sampler, SdkTracer, SdkTracerProvider, Span as SdkSpan, SpanData, SpanExporter as _, SpanProcessor,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

/// With less time than this no sending is begun.
const SHORTEST: Duration = Duration::from_millis(50);

/// How long a collector that failed is left alone.
const REST: Duration = Duration::from_secs(30);

/// The most spans that wait; a span that ends while so many wait is lost.
const WAITING: usize = 2048;

static EXPORT: OnceLock<Export> = OnceLock::new();

/// Ended spans that are not sent yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting(Arc<Mutex<Vec<SpanData>>>);

impl Waiting {
    pub(super) fn take(&self) -> Vec<SpanData> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SpanProcessor for Waiting {
    fn on_start(&self, _: &mut SdkSpan, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING {
            waiting.push(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// The sender of this process's spans.
struct Export {
    waiting: Waiting,
    /// The exporter, which takes one batch at a time.
    exporter: tokio::sync::Mutex<SpanExporter>,
    resting: Mutex<Option<Instant>>,
    is_told: AtomicBool,
    /// The provider, which ends its spans when dropped.
    _provider: SdkTracerProvider,
}

impl Export {
    async fn send(&self) -> OTelSdkResult {
        let exporter = self.exporter.lock().await;
        let spans = self.waiting.take();
        if spans.is_empty() { Ok(()) } else { exporter.export(spans).await }
    }

    fn is_resting(&self) -> bool {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.is_some_and(|until| Instant::now() < until)
    }

    fn rest(&self, reason: &'static str) {
        *self.resting.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
        if !self.is_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(event = "spans", reason, "spans are lost: the collector does not take them");
        }
    }
}

pub(super) async fn flush(end: Instant) {
    let Some(export) = EXPORT.get().filter(|export| !export.is_resting()) else { return };
    let end = end.min(Instant::now() + LONGEST);
    if end.saturating_duration_since(Instant::now()) < SHORTEST {
        return;
    }
    match tokio::time::timeout_at(end, export.send()).await {
        Ok(Ok(())) => export.is_told.store(false, Ordering::Relaxed),
        Ok(Err(_)) => export.rest("not reached, or refused"),
        Err(_) => export.rest("no answer in time"),
    }
}

/// Makes the span a child of the trace's caller, and the trace the span's.
pub(super) fn join(span: &Span, trace: &mut Trace) {
    if span.is_disabled() {
        return;
    }
    if let Some(caller) = caller(trace) {
        // The span is new and not started: setting its parent does not fail.
        let _ = span.set_parent(Context::new().with_remote_span_context(caller));
    }
    let context = span.context();
    let own = context.span().span_context().clone();
    if own.is_valid() {
        trace.adopt(own.trace_id().to_string(), own.span_id().to_string(), own.is_sampled());
    }
}

fn caller(trace: &Trace) -> Option<SpanContext> {
    let (parent, is_sampled) = trace.parent()?;
    let trace_id = TraceId::from_hex(&trace.trace_id).ok()?;
    let flags = TraceFlags::default().with_sampled(is_sampled);
    Some(SpanContext::new(trace_id, SpanId::from_hex(parent).ok()?, flags, true, TraceState::default()))
}

/// The layer that makes the process's spans and hands them to [`flush`].
pub(super) fn layer<S>(otlp: &Otlp) -> Result<impl Layer<S> + use<S>, SettingError>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let resource = Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", otlp.service.clone()),
            KeyValue::new("service.version", VERSION),
        ])
        .build();
    let (waiting, mut exporter) = (Waiting::default(), exporter(otlp)?);
    exporter.set_resource(&resource);
    let (provider, tracer) = tracer(otlp.share, waiting.clone());
    let exporter = tokio::sync::Mutex::new(exporter);
    let (resting, is_told) = (Mutex::default(), AtomicBool::default());
    let _ = EXPORT.set(Export { waiting, exporter, resting, is_told, _provider: provider });
    Ok(spans(tracer))
}

fn exporter(otlp: &Otlp) -> Result<SpanExporter, SettingError> {
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls::client_config()?).https_or_http().enable_http1();
    SpanExporter::builder()
        .with_http()
        .with_http_client(HyperClient::new(connector.build(), LONGEST, None))
        .with_endpoint(&otlp.endpoint)
        .with_headers(otlp.headers.clone())
        .build()
        .map_err(|_| SettingError::Malformed)
}

/// The tracer. The caller decides whether a trace is kept; of the traces that begin here, `share` is kept.
pub(super) fn tracer(share: f64, waiting: Waiting) -> (SdkTracerProvider, SdkTracer) {
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share)));
    let provider = SdkTracerProvider::builder().with_sampler(sampler).with_span_processor(waiting).build();
    let tracer = provider.tracer("grafono");
    (provider, tracer)
}

/// The layer of our spans, with their own fields alone: no places in files, no threads, no log lines.
pub(super) fn spans<S>(tracer: SdkTracer) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(Targets::new().with_target("telemetry", tracing::Level::INFO))
}
